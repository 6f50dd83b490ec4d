/**
 * What a filter means for ClickHouse: the stored half of I6 (`predicate.ts` is the other). Values come as bound parameters
 * only; the text indexes of migration 001 are used where a condition asks for a whole label, id or role.
 */
import { resourceIdLabel, resourceRoleLabel } from '../../schemas/event.ts';
import type { AnyResourceFilter, Filter, LabelPatterns, RelatedFilter } from '../../schemas/filter.ts';
import { likePattern, type Pattern, parsePattern } from './pattern.ts';
import { formatTimeForClickHouse } from './time.ts';

export interface FilterSql {
  /** A condition over the columns of `events`, in parentheses where it needs them. */
  readonly where: string;
  /** Named f0, f1, …: other parameters of the statement must have other names. */
  readonly params: Record<string, unknown>;
}

/** Every part but `order` and `distinct`. */
export function filterSql(filter: Filter): FilterSql {
  const { bind, params } = bindings();
  const conditions = [
    ...occurredSql(filter.occurred, bind),
    ...oneOfSql('id', filter.id, bind, 'UUID'),
    ...eventNamesSql(filter.event, bind),
    ...primarySql(filter.resource, bind),
    ...filter.related.map((entry) => relatedSql(entry, bind)),
    ...filter.anyResource.map((entry) => anyResourceSql(entry, bind)),
    ...textSql(filter.text, bind),
  ];
  return { where: all(conditions), params };
}

type Bind = (type: string, value: unknown) => string;

function bindings(): { bind: Bind; params: Record<string, unknown> } {
  const params: Record<string, unknown> = {};
  let count = 0;
  const bind: Bind = (type, value) => {
    const name = `f${count++}`;
    params[name] = value;
    return `{${name}:${type}}`;
  };
  return { bind, params };
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
    ...tokensSql(
      labelTokens,
      id.map((value) => `${resourceIdLabel}=${value}`),
      bind,
    ),
    ...oneOfSql('resource_id', id, bind),
    ...prefixSql('resource_id', idPrefix, bind),
    ...primaryTokens(labels).flatMap((tokens) => tokensSql(labelTokens, tokens, bind)),
    ...labelsSql(primary, labels, bind),
  ];
}

function relatedSql({ id, role, resourcesInRoles, labels }: RelatedFilter, bind: Bind): string {
  const pairs = resourcesInRoles.map(
    ([oneId, oneRole]) => `(one_id = ${bind('String', oneId)} AND one_role = ${bind('String', oneRole)})`,
  );
  const one = all([
    ...oneOfSql('one_id', id, bind),
    ...oneOfSql('one_role', role, bind),
    ...(pairs.length > 0 ? [any(pairs)] : []),
    ...labelsSql(relatedOne, labels, bind),
  ]);
  return all([
    ...tokensSql('related_ids', id, bind),
    ...tokensSql(
      roleTokens,
      resourcesInRoles.map(([oneId, oneRole]) => `${oneRole}=${oneId}`),
      bind,
    ),
    ...tokensSql(
      roleTokens,
      id.length > 0 ? role.flatMap((oneRole) => id.map((oneId) => `${oneRole}=${oneId}`)) : [],
      bind,
    ),
    someRelated(one),
  ]);
}

function anyResourceSql({ id, idPrefix, labels }: AnyResourceFilter, bind: Bind): string {
  const conditions = (columns: ResourceColumns): string =>
    all([
      ...oneOfSql(columns.id, id, bind),
      ...prefixSql(columns.id, idPrefix, bind),
      ...labelsSql(columns, labels, bind),
    ]);
  const ofPrimary = all([
    ...tokensSql(
      labelTokens,
      id.map((value) => `${resourceIdLabel}=${value}`),
      bind,
    ),
    conditions(primary),
  ]);
  return any([ofPrimary, all([...tokensSql('related_ids', id, bind), someRelated(conditions(relatedOne))])]);
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
  return Object.keys(labels).map((label) => {
    const patterns = (labels[label] ?? []).map((pattern) => parsePattern(label, pattern));
    if (label === resourceIdLabel) return patternsSql(columns.id, patterns, bind);
    if (label === resourceRoleLabel) return patternsSql(columns.role, patterns, bind);
    return labelSql(columns.labels, label, patterns, bind);
  });
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

function patternsSql(value: string, patterns: readonly Pattern[], bind: Bind): string {
  const isWhole = ({ kind, isNegated }: Pattern) => kind === 'equals' && !isNegated;
  const whole = patterns.filter(isWhole).map(({ text }) => text);
  const others = patterns.filter((pattern) => !isWhole(pattern)).map((pattern) => patternSql(value, pattern, bind));
  return any([...oneOfSql(value, whole, bind), ...others]);
}

function patternSql(value: string, { kind, isNegated, text }: Pattern, bind: Bind): string {
  const positive = {
    equals: () => `${value} = ${bind('String', text)}`,
    startsWith: () => `startsWith(${value}, ${bind('String', text)})`,
    glob: () => `${value} LIKE ${bind('String', likePattern(text))}`,
  }[kind]();
  return isNegated ? `NOT (${positive})` : positive;
}

/** For each label that wants one of some whole values: the tokens under which the index knows them. */
function primaryTokens(labels: LabelPatterns): string[][] {
  return Object.keys(labels).flatMap((label) => {
    const patterns = (labels[label] ?? []).map((pattern) => parsePattern(label, pattern));
    const isWhole = patterns.length > 0 && patterns.every(({ kind, isNegated }) => kind === 'equals' && !isNegated);
    return isWhole ? [patterns.map(({ text }) => `${label}=${text}`)] : [];
  });
}

/** Narrows a search by an index; two labels can share a token, so the condition itself always follows. */
function tokensSql(tokens: string, wanted: readonly string[], bind: Bind): string[] {
  if (wanted.length === 0 || wanted.length > tokensMax) return [];
  return [any(wanted.map((token) => `has(${tokens}, ${bind('String', token)})`))];
}

function oneOfSql(column: string, values: readonly string[], bind: Bind, type = 'String'): string[] {
  if (values.length === 0) return [];
  return [
    values.length === 1 ? `(${column} = ${bind(type, values[0])})` : `(${column} IN ${bind(`Array(${type})`, values)})`,
  ];
}

function prefixSql(column: string, prefixes: readonly string[], bind: Bind): string[] {
  if (prefixes.length === 0) return [];
  if (prefixes.length === 1) return [`startsWith(${column}, ${bind('String', prefixes[0])})`];
  return [`arrayExists(prefix -> startsWith(${column}, prefix), ${bind('Array(String)', prefixes)})`];
}

function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? '1' : `(${conditions.join(' AND ')})`;
}

function any(conditions: readonly string[]): string {
  return conditions.length === 0 ? '0' : `(${conditions.join(' OR ')})`;
}
