/**
 * The statements of counts. What lies in whole hours (of `six_hours_resource` in whole quarters of a day) comes from a projection where the filter
 * allows it, the rest from the rows: each event is in one of the two, and both are read from one snapshot (I8).
 */
import type { Filter } from '../../schemas/filter.ts';
import { filterSql } from '../filter/sql.ts';
import type { Buckets } from './buckets.ts';
import { fitsBuckets, type Middle, middleOf, stepOf, stepStart } from './count-plan.ts';

export interface CountSql {
  readonly sql: string;
  readonly params: Record<string, unknown>;
}

export const countSettings = { enable_shared_storage_snapshot_in_query: 1 } as const;

/** Not min(occurred): once ClickHouse 26.7 has compiled it (from the fourth run on), times before 1970 count as the latest. */
const micros = 'toUnixTimestamp64Micro(occurred)';

/** Time and seq as one number, as it stands in the projection: a tuple of them costs twice the CPU. */
const place = `bitShiftLeft(toInt128(${micros}), 64) + toInt128(seq)`;

/** The aggregates of one group as both projections have them, and how those of several parts of the range become one. */
const groups = {
  event: {
    column: 'event',
    rollup: 'hour',
    aggregates: `count() AS part_count, min(${micros}) AS part_first, max(${micros}) AS part_last`,
    label: 'group_value',
    last: 'max(part_last)',
  },
  resource: {
    column: 'resource_id',
    rollup: 'sixHours',
    // Of a resource's events the newest names it; of several at the same time the one that came last.
    aggregates: `count() AS part_count, min(${micros}) AS part_first, max(${place}) AS part_last,
      argMax(resource_name, ${place}) AS part_name`,
    label: 'argMax(part_name, part_last)',
    last: 'bitShiftRight(max(part_last), 64)',
  },
} as const;

/** Rows of `group_value, group_label, group_count, first_micros, last_micros`; most first, then by label and value. */
export function groupsSql(filter: Filter, countable: keyof typeof groups): CountSql {
  const { column, rollup, aggregates, label, last } = groups[countable];
  const { from, params } = readings(filter, middleOf(filter, rollup));
  const parts = from.map((reading) => `SELECT ${column} AS part_value, ${aggregates} ${reading} GROUP BY part_value`);
  const sql = `SELECT part_value AS group_value, ${label} AS group_label, sum(part_count) AS group_count,
      toString(min(part_first)) AS first_micros, toString(${last}) AS last_micros
    FROM (${parts.join(' UNION ALL ')})
    GROUP BY group_value ORDER BY group_count DESC, group_label, group_value`;
  return { sql, params };
}

/** The same by the value of a label of the primary resource; events without it are in no group. */
export function labelGroupsSql(filter: Filter, label: string): CountSql {
  const { where, params } = filterSql(filter);
  const name = '{group_of:String}';
  const sql = `SELECT resource[${name}] AS group_value, group_value AS group_label, count() AS group_count,
      toString(min(${micros})) AS first_micros, toString(max(${micros})) AS last_micros
    FROM events WHERE (${where}) AND mapContains(resource, ${name})
    GROUP BY group_value ORDER BY group_count DESC, group_label, group_value`;
  return { sql, params: { ...params, group_of: label } };
}

/** Rows of `bucket, bucket_count`, those without events left out. */
export function bucketsSql(filter: Filter, buckets: Buckets): CountSql {
  const middle = fitsBuckets(buckets, 'hour') ? middleOf(filter, 'hour') : null;
  const { from, params } = readings(filter, middle);
  const parts = from.map((reading, at) => {
    const start = middle !== null && at === 0 ? stepStart('hour') : micros;
    return `SELECT intDiv(${start} - {bucket_first:Int64}, {bucket_width:Int64}) AS bucket, count() AS part_count ${reading} GROUP BY bucket`;
  });
  const sql = `SELECT bucket, sum(part_count) AS bucket_count FROM (${parts.join(' UNION ALL ')}) GROUP BY bucket ORDER BY bucket`;
  return { sql, params: { ...params, bucket_first: String(buckets.first), bucket_width: String(buckets.width) } };
}

/** FROM and WHERE of each reading that makes up the range: the middle first, if there is one, then the rows of the edges. */
function readings(filter: Filter, middle: Middle | null): { from: string[]; params: Record<string, unknown> } {
  const { where, whereAnyTime, params } = filterSql(filter);
  if (middle === null) return { from: [`FROM events WHERE ${where}`], params };
  const step = stepOf[middle.rollup];
  const time = (name: string) => `fromUnixTimestamp64Micro({${name}:Int64}, 'UTC')`;
  return {
    from: [
      `FROM events WHERE ${whereAnyTime} AND ${step} >= {middle_first:Int64} AND ${step} < {middle_end:Int64}`,
      `FROM events WHERE ${where} AND (occurred < ${time('middle_first_micros')} OR occurred >= ${time('middle_end_micros')})`,
    ],
    params: {
      ...params,
      middle_first: String(middle.first),
      middle_end: String(middle.end),
      middle_first_micros: String(middle.firstMicros),
      middle_end_micros: String(middle.endMicros),
    },
  };
}
