/**
 * What a filter means for ClickHouse: the stored half of I6 (`predicate.ts` is the other). Values come as bound parameters
 * only; the text indexes of migration 005 answer a condition that asks for a whole label, id or role.
 */
import { resourceIdLabel, resourceRoleLabel } from '../../schemas/event.ts';
import type { AnyResourceFilter, Filter, LabelPatterns, RelatedFilter } from '../../schemas/filter.ts';
import { type Bind, bindings } from './bindings.ts';
import { type Pattern, parsePattern } from './pattern.ts';
import { all, any, matchSql, oneOfSql, patternsSql, prefixSql } from './sql-patterns.ts';
import { formatTimeForClickHouse } from './time.ts';

export interface FilterSql {
  /** A condition over the columns of `events`, in parentheses where it needs them. */
  readonly where: string;
  /** The same without the window of `occurred`. */
  readonly whereAnyTime: string;
  /** Named f0, f1, …: other parameters of the statement must have other names. */
  readonly params: Record<string, unknown>;
}

/** Every part but `order` and `distinct`. */
export function filterSql(filter: Filter): FilterSql {
  const { bind, params } = bindings();
  const window = occurredSql(filter.occurred, bind);
  const conditions = [
    ...oneOfSql('id', filter.id, bind, 'UUID'),
    ...eventNamesSql(filter.event, bind),
    ...primarySql(filter.resource, bind),
    ...filter.related.map((entry) => relatedSql(entry, bind)),
    ...filter.anyResource.map((entry) => anyResourceSql(entry, bind)),
    ...textSql(filter.text, bind),
  ];
  return { where: all([...window, ...conditions]), whereAnyTime: all(conditions), params };
}

/** The columns, or the variables of a lambda, in which the parts of one resource are found. */
interface ResourceColumns {
  readonly id: string;
  readonly role: string;
  readonly labels: string;
}

const primary: ResourceColumns = { id: 'resource_id', role: `''`, labels: 'resource' };
const relatedOne: ResourceColumns = { id: 'one_id', role: 'one_role', labels: 'one_labels' };
const relatedArrays = [
  ['one_id', 'related_ids'],
  ['one_role', 'related_roles'],
  ['one_labels', 'related'],
] as const;

/** As they stand in the indexes: written otherwise, an index is not used. */
const labelTokens = "arrayMap((label, value) -> concat(label, '=', value), mapKeys(resource), mapValues(resource))";
const roleTokens = "arrayMap((role, id) -> concat(role, '=', id), related_roles, related_ids)";
/** Longer lists are not looked up in the index. */
const tokensMax = 32;
/** More labels of which nothing is negated are looked for in one pass over what the resource has: each by itself takes ClickHouse a millisecond to plan. */
const labelsApart = 8;
/** Of these so many narrow by the index. */
const labelsNarrowing = 4;
/** More pairs of id and role are looked up in a set. */
const pairsTried = 4;

function occurredSql({ since, until }: Filter['occurred'], bind: Bind): string[] {
  const time = (canonical: string) => bind("DateTime64(6, 'UTC')", formatTimeForClickHouse(canonical));
  const from = `occurred >= ${time(since)}`;
  return until === null ? [from] : [from, `occurred <= ${time(until)}`];
}

function eventNamesSql({ prefix, excludePrefix, name, excludeName }: Filter['event'], bind: Bind): string[] {
  return [
    ...prefixSql('event', prefix, bind),
    ...prefixSql('event', excludePrefix, bind).map((condition) => `NOT ${condition}`),
    ...oneOfSql('event', name, bind),
    ...oneOfSql('event', excludeName, bind).map((condition) => `NOT ${condition}`),
  ];
}

function primarySql({ id, idPrefix, labels }: Filter['resource'], bind: Bind): string[] {
  return [
    ...primaryIdsSql(id, bind),
    ...prefixSql('resource_id', idPrefix, bind),
    ...(manyPositive(labels) === null
      ? Object.keys(labels).map((label) => primaryLabelSql(label, labels, bind))
      : [...narrowByLabels(labels, bind), ...labelsSql(primary, labels, bind)]),
  ];
}

function narrowByLabels(labels: LabelPatterns, bind: Bind): string[] {
  const whole = [...(manyPositive(labels)?.keys() ?? [])].flatMap((label) => {
    const values = wholeValues(label, labels);
    return values === null ? [] : [values.map((value) => `${label}=${value}`)];
  });
  return whole.slice(0, labelsNarrowing).flatMap((wanted) => narrowSql(labelTokens, wanted, bind));
}

/** The ids of the primary resource: by the index of labels, of which the id is one. */
function primaryIdsSql(ids: readonly string[], bind: Bind): string[] {
  return tokensSql(labelTokens, [resourceIdLabel], ids, () => oneOfSql('resource_id', ids, bind), bind);
}

function primaryLabelSql(label: string, labels: LabelPatterns, bind: Bind): string {
  const whole = label === resourceRoleLabel ? null : wholeValues(label, labels);
  const plain = () => labelsSql(primary, { [label]: labels[label] ?? [] }, bind);
  return all(whole === null ? plain() : tokensSql(labelTokens, [label], whole, plain, bind));
}

function relatedSql(entry: RelatedFilter, bind: Bind): string {
  const { id, role, resourcesInRoles, labels } = entry;
  const hasLabels = Object.keys(labels).length > 0;
  // One list alone is what the index knows; two of them must be met by the same related resource.
  if (id.length > 0 && resourcesInRoles.length === 0 && !hasLabels) {
    const plain = () => [someRelated(one(entry, bind))];
    if (role.length === 0) return all(tokensSql('related_ids', null, id, plain, bind));
    if (role.length * id.length <= tokensMax) return all(tokensSql(roleTokens, role, id, plain, bind));
  }
  const pairs = resourcesInRoles.map(([oneId, oneRole]) => `${oneRole}=${oneId}`);
  const isPairsOnly = pairs.length > 0 && id.length + role.length === 0 && !hasLabels;
  if (isPairsOnly && pairs.length <= tokensMax && pairs.every(isUnmistakable)) return hasAny(roleTokens, pairs, bind);
  return all([
    ...narrowSql('related_ids', id, bind),
    ...narrowSql(roleTokens, pairs, bind),
    someRelated(one(entry, bind)),
  ]);
}

/** What one related resource must fit. */
function one({ id, role, resourcesInRoles, labels }: RelatedFilter, bind: Bind): string {
  return all([
    ...oneOfSql('one_id', id, bind),
    ...oneOfSql('one_role', role, bind),
    ...pairsSql(resourcesInRoles, bind),
    ...labelsSql(relatedOne, labels, bind),
  ]);
}

function pairsSql(pairs: RelatedFilter['resourcesInRoles'], bind: Bind): string[] {
  if (pairs.length === 0) return [];
  if (pairs.length > pairsTried) {
    return [`((one_id, toString(one_role)) IN ${bind('Array(Tuple(String, String))', pairs)})`];
  }
  const each = pairs.map(([id, role]) => `(one_id = ${bind('String', id)} AND one_role = ${bind('String', role)})`);
  return [any(each)];
}

function anyResourceSql({ id, idPrefix, labels }: AnyResourceFilter, bind: Bind): string {
  const rest = (columns: ResourceColumns): string[] => [
    ...prefixSql(columns.id, idPrefix, bind),
    ...labelsSql(columns, labels, bind),
  ];
  const isIdsOnly = idPrefix.length === 0 && Object.keys(labels).length === 0;
  const plain = () => [someRelated(all([...oneOfSql('one_id', id, bind), ...rest(relatedOne)]))];
  return any([
    all([...primaryIdsSql(id, bind), ...rest(primary)]),
    isIdsOnly
      ? all(tokensSql('related_ids', null, id, plain, bind))
      : all([...narrowSql('related_ids', id, bind), ...plain()]),
  ]);
}

function textSql(text: Filter['text'], bind: Bind): string[] {
  if (text === null) return [];
  const holds = (term: string) => `position(search, ${bind('String', term)}) > 0`;
  return [
    ...(text.include.length > 0 ? [any(text.include.map(holds))] : []),
    ...text.required.map(holds),
    ...text.exclude.map((term) => `NOT (${holds(term)})`),
  ];
}

/** Only the arrays that the condition names are read. */
function someRelated(condition: string): string {
  const named = relatedArrays.filter(([variable]) => condition.includes(variable));
  const used = named.length > 0 ? named : relatedArrays.slice(0, 1);
  const variables = used.map(([variable]) => variable).join(', ');
  return `arrayExists((${variables}) -> ${condition}, ${used.map(([, array]) => array).join(', ')})`;
}

function labelsSql(columns: ResourceColumns, labels: LabelPatterns, bind: Bind): string[] {
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

/** A resource has each label once: as many of what it has must fit as there are labels. */
function manyLabelsSql(labels: string, many: ReadonlyMap<string, readonly Pattern[]>, bind: Bind): string {
  const all = [...many].flatMap(([label, patterns]) => patterns.map((pattern) => ({ label, pattern })));
  const pairs = all
    .filter(({ pattern }) => pattern.kind === 'equals')
    .map(({ label, pattern }) => [label, pattern.text] as const);
  // The length first, so that no label with its value is as another with its own.
  const keyOf = (label: string): string => `${Buffer.byteLength(label)}:${label}`;
  const globs = all
    .filter(({ pattern }) => pattern.kind !== 'equals')
    .map(({ label, pattern }) => ({ literal: keyOf(label), pattern }));
  const entry = any([
    ...(pairs.length === 0 ? [] : [`(toString(one_key), one_value) IN ${bind('Array(Tuple(String, String))', pairs)}`]),
    ...matchSql(`concat(toString(length(one_key)), ':', one_key, one_value)`, globs, bind),
  ]);
  const wanted = bind('UInt64', many.size);
  return `(arrayCount((one_key, one_value) -> ${entry}, mapKeys(${labels}), mapValues(${labels})) = ${wanted})`;
}

/**
 * An event without the label never fits. Where keys are of low cardinality, ClickHouse 26.7 finds the empty key neither by
 * mapContains nor by indexOf nor by `[]` (by chance of the part's dictionary): that one is compared entry by entry.
 */
function labelSql(labels: string, label: string, patterns: readonly Pattern[], bind: Bind): string {
  if (label === '') {
    const entry = all([`one_key = ''`, patternsSql('one_value', patterns, bind)]);
    return `arrayExists((one_key, one_value) -> ${entry}, mapKeys(${labels}), mapValues(${labels}))`;
  }
  const name = bind('String', label);
  return all([`mapContains(${labels}, ${name})`, patternsSql(`${labels}[${name}]`, patterns, bind)]);
}

/** The values of a label of which one is wanted whole; null where a pattern says otherwise. */
function wholeValues(label: string, labels: LabelPatterns): string[] | null {
  const patterns = patternsOf(label, labels);
  const isWhole = patterns.length > 0 && patterns.every(({ kind, isNegated }) => kind === 'equals' && !isNegated);
  return isWhole ? patterns.map(({ text }) => text) : null;
}

/**
 * The index alone where its tokens cannot be mistaken, for then no column need be read; else the index and the plain condition.
 * `names` are what stands before the values, each with each; null for values alone.
 */
function tokensSql(
  tokens: string,
  names: readonly string[] | null,
  values: readonly string[],
  plain: () => string[],
  bind: Bind,
): string[] {
  const wanted = names === null ? values : names.flatMap((name) => values.map((value) => `${name}=${value}`));
  if (wanted.length === 0 || wanted.length > tokensMax) return plain();
  const index = hasAny(tokens, wanted, bind);
  return names === null || wanted.every(isUnmistakable) ? [index] : [index, ...plain()];
}

/** `a=b=c` is of the label `a` and of `a=b`; a token with one `=` can only be read in one way. */
function isUnmistakable(token: string): boolean {
  return token.indexOf('=') === token.lastIndexOf('=');
}

/** Narrows by an index what another condition decides. */
function narrowSql(tokens: string, wanted: readonly string[], bind: Bind): string[] {
  return wanted.length === 0 || wanted.length > tokensMax ? [] : [hasAny(tokens, wanted, bind)];
}

function hasAny(tokens: string, wanted: readonly string[], bind: Bind): string {
  return any(wanted.map((token) => `has(${tokens}, ${bind('String', token)})`));
}
