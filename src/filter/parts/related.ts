/**
 * `related`: resources that had a part in an event. Each entry must be met by one of them that fits all of the entry.
 */
import { type Labels, resourceIdLabel, resourceRoleLabel } from '../../../schemas/event.ts';
import type { RelatedFilter } from '../../../schemas/filter.ts';
import type { StoredEvent } from '../../../schemas/stored-event.ts';
import type { Bind } from '../bindings.ts';
import { all, allOf, type Condition, type Test } from '../conditions.ts';
import { accessBy, type FilterPart } from '../filter-part.ts';
import { entryBytes, labelsBytes, listsBytes, pairBytes } from '../heap-bytes.ts';
import { asSet, labelsKey } from '../key-sets.ts';
import { compileLabels, onLabel } from '../label-tests.ts';
import { oneOrMore } from '../read-entries.ts';
import { noLabels, readLabels } from '../read-labels.ts';
import { listOf, optional, type Reader, readModel, readString, readStrings, refuse, under } from '../read-model.ts';
import { labelsSql, relatedOne, someRelated } from '../resource-sql.ts';
import { entriesSchema, labelsSchema, pairSchema, stringsSchema } from '../sent-schemas.ts';
import { all as allSql, any as anySql, oneOfSql } from '../sql-patterns.ts';
import { anyOf } from '../text-sets.ts';
import { hasAny, idTokens, isUnmistakable, narrowSql, roleTokens, tokensMax, tokensSql } from '../token-sql.ts';

type Related = readonly RelatedFilter[];

export const related: FilterPart<Related> = {
  name: 'related',
  about:
    'An entry, or a list of entries that must all be met. One related resource meets an entry if it has one of ' +
    'the ids of `id`, one of the roles of `role`, one of the pairs `[id, role]` of `resources_in_roles`, and ' +
    'all of `labels`',
  schema: entriesSchema({
    id: stringsSchema,
    role: stringsSchema,
    resources_in_roles: { type: 'array', items: pairSchema },
    labels: labelsSchema,
  }),
  absent: () => [],
  isAbsent: (entries) => entries.length === 0,
  read: (absent) => optional(absent, oneOrMore('EventRelatedFilter', readEntry)),
  test: (entries) => allOf(entries.map(compileEntry)),
  sql: (entries, bind) => entries.map((entry) => entrySql(entry, bind)),
  key: (entries) => [asSet(entries.map(keyOf))],
  access: (entries) => entries.flatMap((entry) => accessBy('relatedId', idsOf(entry))),
  labels: (entries) => entries.map(({ labels }) => labels),
  heapBytes: (entries) => entries.reduce((bytes, entry) => bytes + bytesOf(entry), 0),
};

const noCondition: RelatedFilter = { id: [], role: [], resourcesInRoles: [], labels: noLabels };

const readPair: Reader<readonly [string, string]> = (input, place) => {
  if (!Array.isArray(input)) {
    refuse(place, 'tuple_type', 'Input should be a valid tuple', input);
  } else if (input.length > 2) {
    const msg = `Tuple should have at most 2 items after validation, not ${input.length}`;
    refuse(place, 'too_long', msg, input, { field_type: 'Tuple', max_length: 2, actual_length: input.length });
  } else {
    const [id, role] = [0, 1].map((index) => {
      if (index < input.length) return readString(input[index], under(place, index));
      refuse(under(place, index), 'missing', 'Field required', input);
      return '';
    });
    return [id ?? '', role ?? ''];
  }
  return ['', ''];
};

const readEntry: Reader<RelatedFilter> = (input, place) =>
  readModel(input, place, noCondition, (field) => ({
    id: field('id', [], readStrings),
    role: field('role', [], readStrings),
    resourcesInRoles: field('resources_in_roles', [], optional([], listOf(readPair))),
    labels: field('labels', noLabels, optional(noLabels, readLabels('any'))),
  }));

function compileEntry({ id, role, resourcesInRoles, labels }: RelatedFilter): Test<StoredEvent> {
  const fits = all<Labels>([
    onLabel(resourceIdLabel, anyOf(id)),
    onLabel(resourceRoleLabel, anyOf(role)),
    anyPair(resourcesInRoles),
    compileLabels(labels),
  ]);
  return ({ body }) => body.related.some(fits);
}

function anyPair(pairs: RelatedFilter['resourcesInRoles']): Condition<Labels> {
  const keyOfPair = (id: string, role: string): string => `${id.length} ${id}${role}`;
  const has = anyOf(pairs.map(([id, role]) => keyOfPair(id, role)));
  return has && ((labels) => has(keyOfPair(labels[resourceIdLabel] ?? '', labels[resourceRoleLabel] ?? '')));
}

function entrySql(entry: RelatedFilter, bind: Bind): string {
  const { id, role, resourcesInRoles, labels } = entry;
  const hasLabels = Object.keys(labels).length > 0;
  // The index knows one list alone. Two of them must be met by the same related resource.
  if (id.length > 0 && resourcesInRoles.length === 0 && !hasLabels) {
    const plain = () => [someRelated(oneSql(entry, bind))];
    if (role.length === 0) return allSql(tokensSql(idTokens, null, id, plain, bind));
    if (role.length * id.length <= tokensMax) return allSql(tokensSql(roleTokens, role, id, plain, bind));
  }
  const pairs = resourcesInRoles.map(([oneId, oneRole]) => `${oneRole}=${oneId}`);
  const isPairsOnly = pairs.length > 0 && id.length + role.length === 0 && !hasLabels;
  if (isPairsOnly && pairs.length <= tokensMax && pairs.every(isUnmistakable)) return hasAny(roleTokens, pairs, bind);
  return allSql([
    ...narrowSql(idTokens, id, bind),
    ...narrowSql(roleTokens, pairs, bind),
    someRelated(oneSql(entry, bind)),
  ]);
}

/** What one related resource must fit. */
function oneSql({ id, role, resourcesInRoles, labels }: RelatedFilter, bind: Bind): string {
  return allSql([
    ...oneOfSql('one_id', id, bind),
    ...oneOfSql('one_role', role, bind),
    ...pairsSql(resourcesInRoles, bind),
    ...labelsSql(relatedOne, labels, bind),
  ]);
}

/** If there are more pairs of id and role, they are looked up in a set. */
const pairsTried = 4;

function pairsSql(pairs: RelatedFilter['resourcesInRoles'], bind: Bind): string[] {
  if (pairs.length === 0) return [];
  if (pairs.length > pairsTried) {
    return [`((one_id, toString(one_role)) IN ${bind('Array(Tuple(String, String))', pairs)})`];
  }
  const each = pairs.map(([id, role]) => `(one_id = ${bind('String', id)} AND one_role = ${bind('String', role)})`);
  return [anySql(each)];
}

function keyOf({ id, role, resourcesInRoles, labels }: RelatedFilter): string {
  const pairs = resourcesInRoles.map((pair) => JSON.stringify(pair));
  return JSON.stringify([...[id, role, pairs].map(asSet), labelsKey(labels)]);
}

function idsOf({ id, resourcesInRoles }: RelatedFilter): readonly string[] {
  return id.length > 0 ? id : resourcesInRoles.map(([oneId]) => oneId);
}

function bytesOf({ id, role, resourcesInRoles, labels }: RelatedFilter): number {
  const lists = listsBytes([id, role, ...resourcesInRoles]);
  return entryBytes + lists + pairBytes * resourcesInRoles.length + labelsBytes(labels);
}
