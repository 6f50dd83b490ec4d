/**
 * Conditions over one resource of an event. The primary one stands in columns, related ones in arrays.
 */
import { resourceIdLabel, resourceRoleLabel } from '../../schemas/event.ts';
import type { LabelPatterns } from '../../schemas/filter.ts';
import type { Bind } from './bindings.ts';
import { type Pattern, parsePattern } from './pattern.ts';
import { all, any, matchSql, oneOfSql, patternsSql } from './sql-patterns.ts';
import { labelTokens, narrowSql, tokensSql } from './token-sql.ts';

/** The columns, or the variables of a lambda, that hold one resource. */
export interface ResourceColumns {
  readonly id: string;
  readonly role: string;
  readonly labels: string;
}

export const primary: ResourceColumns = { id: 'resource_id', role: `''`, labels: 'resource' };
/** Within `someRelated`. */
export const relatedOne: ResourceColumns = { id: 'one_id', role: 'one_role', labels: 'one_labels' };
const relatedArrays = [
  ['one_id', 'related_ids'],
  ['one_role', 'related_roles'],
  ['one_labels', 'related'],
] as const;

/**
 * If more labels than this have no negated value, one pass over the resource looks for all of them: apart, each takes
 * ClickHouse a millisecond to plan.
 */
const labelsApart = 8;
/** This many of them are looked up in the index first, to narrow. */
const labelsNarrowing = 4;

/** Whether one related resource fits. Only the arrays that the condition names are read. */
export function someRelated(condition: string): string {
  const named = relatedArrays.filter(([variable]) => condition.includes(variable));
  const used = named.length > 0 ? named : relatedArrays.slice(0, 1);
  const variables = used.map(([variable]) => variable).join(', ');
  return `arrayExists((${variables}) -> ${condition}, ${used.map(([, array]) => array).join(', ')})`;
}

/** The ids of the primary resource. The index of labels knows them, for the id is a label. */
export function primaryIdsSql(ids: readonly string[], bind: Bind): string[] {
  return tokensSql(labelTokens, [resourceIdLabel], ids, () => oneOfSql('resource_id', ids, bind), bind);
}

/** The labels of the primary resource. The index answers where whole values are wanted. */
export function primaryLabelsSql(labels: LabelPatterns, bind: Bind): string[] {
  const many = manyPositive(labels);
  if (many === null) return Object.keys(labels).map((label) => primaryLabelSql(label, labels, bind));
  return [...narrowByLabels([...many.keys()], labels, bind), ...labelsSql(primary, labels, bind)];
}

function primaryLabelSql(label: string, labels: LabelPatterns, bind: Bind): string {
  const whole = label === resourceRoleLabel ? null : wholeValues(label, labels);
  const plain = () => labelsSql(primary, { [label]: labels[label] ?? [] }, bind);
  return all(whole === null ? plain() : tokensSql(labelTokens, [label], whole, plain, bind));
}

function narrowByLabels(names: readonly string[], labels: LabelPatterns, bind: Bind): string[] {
  const whole = names.flatMap((label) => {
    const values = wholeValues(label, labels);
    return values === null ? [] : [values.map((value) => `${label}=${value}`)];
  });
  return whole.slice(0, labelsNarrowing).flatMap((wanted) => narrowSql(labelTokens, wanted, bind));
}

/** What one resource's labels must fit, without an index. */
export function labelsSql(columns: ResourceColumns, labels: LabelPatterns, bind: Bind): string[] {
  const many = manyPositive(labels);
  const apart = Object.keys(labels).filter((label) => many === null || !many.has(label));
  const conditions = apart.map((label) => {
    const patterns = patternsOf(label, labels);
    if (label === resourceIdLabel) return patternsSql(columns.id, patterns, bind);
    if (label === resourceRoleLabel) return patternsSql(columns.role, patterns, bind);
    return labelSql(columns.labels, label, patterns, bind);
  });
  return many === null ? conditions : [...conditions, manyLabelsSql(columns.labels, many, bind)];
}

function patternsOf(label: string, labels: LabelPatterns): Pattern[] {
  return (labels[label] ?? []).map((pattern) => parsePattern(label, pattern));
}

/** The labels of which nothing is negated, if they are many; null if not. */
function manyPositive(labels: LabelPatterns): ReadonlyMap<string, readonly Pattern[]> | null {
  const found = new Map<string, readonly Pattern[]>();
  for (const label of Object.keys(labels)) {
    if (label === resourceIdLabel || label === resourceRoleLabel) continue;
    const patterns = patternsOf(label, labels);
    if (!patterns.some(({ isNegated }) => isNegated)) found.set(label, patterns);
  }
  return found.size > labelsApart ? found : null;
}

/** A resource has each label once. So as many of its labels must fit as there are labels wanted. */
function manyLabelsSql(labels: string, many: ReadonlyMap<string, readonly Pattern[]>, bind: Bind): string {
  const wanted = [...many].flatMap(([label, patterns]) => patterns.map((pattern) => ({ label, pattern })));
  const pairs = wanted
    .filter(({ pattern }) => pattern.kind === 'equals')
    .map(({ label, pattern }) => [label, pattern.text] as const);
  // The length comes first, so that no other pair of label and value gives the same text.
  const keyOf = (label: string): string => `${Buffer.byteLength(label)}:${label}`;
  const globs = wanted
    .filter(({ pattern }) => pattern.kind !== 'equals')
    .map(({ label, pattern }) => ({ literal: keyOf(label), pattern }));
  const entry = any([
    ...(pairs.length === 0 ? [] : [`(toString(one_key), one_value) IN ${bind('Array(Tuple(String, String))', pairs)}`]),
    ...matchSql(`concat(toString(length(one_key)), ':', one_key, one_value)`, globs, bind),
  ]);
  const count = bind('UInt64', many.size);
  return `(arrayCount((one_key, one_value) -> ${entry}, mapKeys(${labels}), mapValues(${labels})) = ${count})`;
}

/**
 * An event without the label never fits. The empty label is compared entry by entry: with keys of low cardinality,
 * ClickHouse 26.7 may fail to find it by mapContains, indexOf and `[]`, as the part's dictionary has it.
 */
function labelSql(labels: string, label: string, patterns: readonly Pattern[], bind: Bind): string {
  if (label === '') {
    const entry = all([`one_key = ''`, patternsSql('one_value', patterns, bind)]);
    return `arrayExists((one_key, one_value) -> ${entry}, mapKeys(${labels}), mapValues(${labels}))`;
  }
  const name = bind('String', label);
  return all([`mapContains(${labels}, ${name})`, patternsSql(`${labels}[${name}]`, patterns, bind)]);
}

/** The values of a label, if one of them is wanted as it stands; null if there are other patterns. */
function wholeValues(label: string, labels: LabelPatterns): string[] | null {
  const patterns = patternsOf(label, labels);
  const isWhole = patterns.length > 0 && patterns.every(({ kind, isNegated }) => kind === 'equals' && !isNegated);
  return isWhole ? patterns.map(({ text }) => text) : null;
}
