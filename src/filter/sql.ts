/**
 * What a filter means for ClickHouse: the stored half of I6 (`predicate.ts` is the other). Values come as bound parameters
 * only; the text indexes of migration 005 answer a condition that asks for a whole label, id or role.
 */
import { resourceIdLabel, resourceRoleLabel } from '../../schemas/event.ts';
import type { AnyResourceFilter, Filter, LabelPatterns, RelatedFilter } from '../../schemas/filter.ts';
import { likePattern, literalPrefix, type Pattern, parsePattern } from './pattern.ts';
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
    ...primaryIdsSql(id, bind),
    ...prefixSql('resource_id', idPrefix, bind),
    ...Object.keys(labels).map((label) => primaryLabelSql(label, labels, bind)),
  ];
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
  const pairs = resourcesInRoles.map(
    ([oneId, oneRole]) => `(one_id = ${bind('String', oneId)} AND one_role = ${bind('String', oneRole)})`,
  );
  return all([
    ...oneOfSql('one_id', id, bind),
    ...oneOfSql('one_role', role, bind),
    ...(pairs.length > 0 ? [any(pairs)] : []),
    ...labelsSql(relatedOne, labels, bind),
  ]);
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
    glob: () => globSql(value, text, bind),
  }[kind]();
  return isNegated ? `NOT (${positive})` : positive;
}

/** What every fitting value starts with is compared first: most values go no further. */
function globSql(value: string, glob: string, bind: Bind): string {
  const prefix = literalPrefix({ isNegated: false, kind: 'glob', text: glob });
  const like = `${value} LIKE ${bind('String', likePattern(glob))}`;
  return prefix === '' ? like : `(startsWith(${value}, ${bind('String', prefix)}) AND ${like})`;
}

/** The values of a label of which one is wanted whole; null where a pattern says otherwise. */
function wholeValues(label: string, labels: LabelPatterns): string[] | null {
  const patterns = (labels[label] ?? []).map((pattern) => parsePattern(label, pattern));
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
