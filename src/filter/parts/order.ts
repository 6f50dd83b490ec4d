/**
 * `order`: which events of a page come first. It asks for nothing.
 */
import type { Filter } from '../../../schemas/filter.ts';
import type { FilterPart } from '../filter-part.ts';
import { oneOf } from '../read-model.ts';

export const order: FilterPart<Filter['order']> = {
  name: 'order',
  about: '`DESC`, the default: the newest event first. `ASC`: the oldest; feeds and exports always have it so',
  schema: { type: 'string', enum: ['ASC', 'DESC'], default: 'DESC' },
  absent: () => 'DESC',
  isAbsent: () => true,
  read: () => oneOf(['ASC', 'DESC']),
  test: () => null,
  sql: () => [],
  key: () => [],
  access: () => [],
  labels: () => [],
  heapBytes: () => 0,
};
