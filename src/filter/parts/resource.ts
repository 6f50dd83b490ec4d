/**
 * `resource`: the resource that an event is about. `distinct` is no condition: it says which of the fitting events a
 * page shows.
 */
import { resourceIdLabel } from '../../../schemas/event.ts';
import type { Filter, LabelPatterns } from '../../../schemas/filter.ts';
import { allOf } from '../conditions.ts';
import { type Access, accessBy, type FilterPart } from '../filter-part.ts';
import { labelsBytes, listsBytes } from '../heap-bytes.ts';
import { asSet, labelsKey } from '../key-sets.ts';
import { compileLabels, onLabel } from '../label-tests.ts';
import { literalPrefix, type Pattern, parsePattern } from '../pattern.ts';
import { noLabels, readLabels } from '../read-labels.ts';
import { optional, type Reader, readBoolean, readModel, readStrings } from '../read-model.ts';
import { primaryIdsSql, primaryLabelsSql } from '../resource-sql.ts';
import { labelsSchema, modelSchema, stringsSchema } from '../sent-schemas.ts';
import { prefixSql } from '../sql-patterns.ts';
import { anyOf, anyPrefix } from '../text-sets.ts';

type Resource = Filter['resource'];

export const resource: FilterPart<Resource> = {
  name: 'resource',
  about:
    'The resource has one of the ids of `id`, an id that begins with one of `id_prefix`, and all of `labels`. A ' +
    'label has a value, or a list of which one must fit: `*` is any run, `?` one character, and `!` in front ' +
    'negates. `distinct`, for pages only: of each resource the newest event, or with `order` `ASC` the oldest',
  schema: modelSchema({
    id: stringsSchema,
    id_prefix: stringsSchema,
    labels: labelsSchema,
    distinct: { type: 'boolean', default: false },
  }),
  absent: () => noCondition,
  isAbsent: ({ id, idPrefix, labels }) => id.length + idPrefix.length + Object.keys(labels).length === 0,
  read: (absent) => optional(absent, readResource),
  test: ({ id, idPrefix, labels }) => {
    const isId = onLabel(resourceIdLabel, anyOf(id));
    const startsWith = onLabel(resourceIdLabel, anyPrefix(idPrefix));
    const fits = allOf([isId, startsWith, compileLabels(labels)]);
    // Without a condition the labels are not even decoded.
    return fits && (({ body }) => fits(body.resource));
  },
  sql: ({ id, idPrefix, labels }, bind) => [
    ...primaryIdsSql(id, bind),
    ...prefixSql('resource_id', idPrefix, bind),
    ...primaryLabelsSql(labels, bind),
  ],
  key: ({ id, idPrefix, labels, distinct }) => [[id, idPrefix].map(asSet), labelsKey(labels), distinct],
  access: ({ id, idPrefix, labels }) => [
    ...accessBy('resourceId', id),
    ...Object.keys(labels).map((label) => accessByLabel(label, labels)),
    ...accessBy('resourceIdPrefix', idPrefix),
  ],
  labels: ({ labels }) => [labels],
  heapBytes: ({ id, idPrefix, labels }) => listsBytes([id, idPrefix]) + labelsBytes(labels),
};

const noCondition: Resource = { id: [], idPrefix: [], labels: noLabels, distinct: false };

const readResource: Reader<Resource> = (input, place) =>
  readModel(input, place, noCondition, (field) => ({
    id: field('id', [], readStrings),
    idPrefix: field('id_prefix', [], readStrings),
    labels: field('labels', noLabels, optional(noLabels, readLabels('primary'))),
    distinct: field('distinct', false, readBoolean),
  }));

/** By whole values, if all patterns are such; else by what fitting values begin with. */
function accessByLabel(label: string, labels: LabelPatterns): Access {
  const patterns = (labels[label] ?? []).map((pattern) => parsePattern(label, pattern));
  return { by: patterns.every(isExact) ? 'label' : 'labelPrefix', label, texts: patterns.map(literalPrefix) };
}

function isExact({ isNegated, kind }: Pattern): boolean {
  return !isNegated && kind === 'equals';
}
