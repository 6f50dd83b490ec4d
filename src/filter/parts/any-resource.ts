/**
 * `any_resource`: as `related`, but the resource that an event is about counts too.
 */
import { resourceIdLabel } from '../../../schemas/event.ts';
import type { AnyResourceFilter } from '../../../schemas/filter.ts';
import type { StoredEvent } from '../../../schemas/stored-event.ts';
import type { Bind } from '../bindings.ts';
import { all, allOf, type Test } from '../conditions.ts';
import { accessBy, type FilterPart } from '../filter-part.ts';
import { entryBytes, labelsBytes, listsBytes } from '../heap-bytes.ts';
import { asSet, labelsKey } from '../key-sets.ts';
import { compileLabels, onLabel } from '../label-tests.ts';
import { oneOrMore } from '../read-entries.ts';
import { noLabels, readLabels } from '../read-labels.ts';
import { optional, type Reader, readModel, readStrings } from '../read-model.ts';
import { labelsSql, primary, primaryIdsSql, type ResourceColumns, relatedOne, someRelated } from '../resource-sql.ts';
import { entriesSchema, labelsSchema, stringsSchema } from '../sent-schemas.ts';
import { all as allSql, any as anySql, oneOfSql, prefixSql } from '../sql-patterns.ts';
import { anyOf, anyPrefix } from '../text-sets.ts';
import { idTokens, narrowSql, tokensSql } from '../token-sql.ts';

type Entries = readonly AnyResourceFilter[];

export const anyResource: FilterPart<Entries> = {
  name: 'any_resource',
  about:
    'As `related`, but the resource itself counts too. ' +
    'An entry has `id`, `id_prefix` and `labels` as `resource` has them',
  schema: entriesSchema({ id: stringsSchema, id_prefix: stringsSchema, labels: labelsSchema }),
  absent: () => [],
  isAbsent: (entries) => entries.length === 0,
  read: (absent) => optional(absent, oneOrMore('EventAnyResourceFilter', readEntry)),
  test: (entries) => allOf(entries.map(compileEntry)),
  sql: (entries, bind) => entries.map((entry) => entrySql(entry, bind)),
  key: (entries) => [asSet(entries.map(keyOf))],
  access: (entries) => entries.flatMap(({ id }) => accessBy('anyId', id)),
  labels: (entries) => entries.map(({ labels }) => labels),
  heapBytes: (entries) => entries.reduce((bytes, entry) => bytes + bytesOf(entry), 0),
};

const noCondition: AnyResourceFilter = { id: [], idPrefix: [], labels: noLabels };

const readEntry: Reader<AnyResourceFilter> = (input, place) =>
  readModel(input, place, noCondition, (field) => ({
    id: field('id', [], readStrings),
    idPrefix: field('id_prefix', [], readStrings),
    labels: field('labels', noLabels, optional(noLabels, readLabels('any'))),
  }));

function compileEntry({ id, idPrefix, labels }: AnyResourceFilter): Test<StoredEvent> {
  const fitsId = all([onLabel(resourceIdLabel, anyOf(id)), onLabel(resourceIdLabel, anyPrefix(idPrefix))]);
  const fitsLabels = all([compileLabels(labels)]);
  const fitsLabelsOfPrimary = all([compileLabels(labels, '')]);
  return ({ body }) =>
    (fitsId(body.resource) && fitsLabelsOfPrimary(body.resource)) ||
    body.related.some((one) => fitsId(one) && fitsLabels(one));
}

function entrySql({ id, idPrefix, labels }: AnyResourceFilter, bind: Bind): string {
  const rest = (columns: ResourceColumns): string[] => [
    ...prefixSql(columns.id, idPrefix, bind),
    ...labelsSql(columns, labels, bind),
  ];
  const isIdsOnly = idPrefix.length === 0 && Object.keys(labels).length === 0;
  const plain = () => [someRelated(allSql([...oneOfSql('one_id', id, bind), ...rest(relatedOne)]))];
  return anySql([
    allSql([...primaryIdsSql(id, bind), ...rest(primary)]),
    isIdsOnly
      ? allSql(tokensSql(idTokens, null, id, plain, bind))
      : allSql([...narrowSql(idTokens, id, bind), ...plain()]),
  ]);
}

function keyOf({ id, idPrefix, labels }: AnyResourceFilter): string {
  return JSON.stringify([asSet(id), asSet(idPrefix), labelsKey(labels)]);
}

/** Its labels are compiled twice: once for the primary resource, which has no role. */
function bytesOf({ id, idPrefix, labels }: AnyResourceFilter): number {
  return entryBytes + listsBytes([id, idPrefix]) + 2 * labelsBytes(labels);
}
