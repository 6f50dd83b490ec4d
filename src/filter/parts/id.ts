/**
 * `id`: ids of events.
 */
import type { Filter } from '../../../schemas/filter.ts';
import { accessBy, type FilterPart } from '../filter-part.ts';
import { listsBytes } from '../heap-bytes.ts';
import { asSet } from '../key-sets.ts';
import { listOf, optional, type Reader, readModel, readUuid } from '../read-model.ts';
import { modelSchema } from '../sent-schemas.ts';
import { oneOfSql } from '../sql-patterns.ts';
import { anyOf } from '../text-sets.ts';

type Ids = Filter['id'];

export const id: FilterPart<Ids> = {
  name: 'id',
  about: 'The event has one of the ids of `id`',
  schema: modelSchema({ id: { type: 'array', items: { type: 'string', format: 'uuid' } } }),
  absent: () => [],
  isAbsent: (ids) => ids.length === 0,
  read: () => readIds,
  test: (ids) => {
    const has = anyOf(ids);
    return has && (({ body }) => has(body.id));
  },
  sql: (ids, bind) => oneOfSql('id', ids, bind, 'UUID'),
  key: (ids) => [asSet(ids)],
  access: (ids) => accessBy('eventId', ids),
  labels: () => [],
  heapBytes: (ids) => listsBytes([ids]),
};

const readIds: Reader<Ids> = (input, place) =>
  readModel(input, place, [], (field) => field('id', [], optional([], listOf(readUuid))));
