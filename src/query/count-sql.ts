/**
 * The statements of counts. Where the filter allows it, whole steps come from a projection and the rest from the rows
 * (count-plan.ts). Each event is in one of the two, and both are read from one snapshot (I8).
 */
import type { ByLabel } from '../../schemas/count.ts';
import type { AllFilters } from '../../schemas/filter.ts';
import { quickRead } from '../clickhouse/statements.ts';
import { filterSql } from '../filter/sql.ts';
import type { BucketGrid, Buckets } from './buckets.ts';
import { fitsBuckets, type Middle, middleOf, stepOf, stepStart } from './count-plan.ts';

export interface CountSql {
  readonly sql: string;
  readonly params: Record<string, unknown>;
  readonly settings: Readonly<Record<string, string | number>>;
}

export function settingsOf(usesProjection: boolean): CountSql['settings'] {
  return {
    ...quickRead,
    enable_shared_storage_snapshot_in_query: 1,
    optimize_use_projections: usesProjection ? 1 : 0,
    // Times as the answer has them, but for whole seconds (`withoutZeros` of count-events.ts).
    date_time_output_format: 'iso',
  };
}

/**
 * The text is that of the projections. It is not min(occurred): if a profile has expressions compiled, ClickHouse 26.7
 * takes times before 1970 for the latest.
 */
export const micros = 'toUnixTimestamp64Micro(occurred)';

/** Time and seq as one number, as it stands in the projection: a tuple of them costs twice the CPU. */
const place = `bitShiftLeft(toInt128(${micros}), 64) + toInt128(seq)`;

/** What is told of one group, from rows or from a projection. */
export const groupColumns = {
  event: {
    column: 'event',
    rollup: 'hour',
    ofRows: { count: 'count()', first: `min(${micros})`, last: `max(${micros})`, name: null },
    last: 'last_place',
  },
  resource: {
    column: 'resource_id',
    rollup: 'sixHours',
    // A resource is named by its newest event; of several at one time by the one that came last.
    ofRows: {
      count: 'count()',
      first: `min(${micros})`,
      last: `max(${place})`,
      name: `argMax(resource_name, ${place})`,
    },
    last: 'bitShiftRight(last_place, 64)',
  },
} as const;

export interface Aggregates {
  readonly count: string;
  readonly first: string;
  readonly last: string;
  /** Null where a group is called by its value. */
  readonly name: string | null;
}

const ofParts: Aggregates = {
  count: 'sum(part_count)',
  first: 'min(part_first)',
  last: 'max(part_last)',
  name: 'argMax(part_name, part_last)',
};

/**
 * Rows of `value, label, count, start_time, end_time`, most first, then by label and value. They are as the answer has
 * them, but for the zeros of whole seconds. ClickHouse writes the JSON of each: to parse and write 5,000 groups in Node
 * cost as much as to find them.
 */
export function groupsSql(filters: AllFilters, countable: keyof typeof groupColumns): CountSql {
  const { column, rollup, ofRows, last } = groupColumns[countable];
  const { from, params } = readings(filters, middleOf(filters, rollup));
  const [only, ...others] = from;
  if (only !== undefined && others.length === 0) {
    const sql = written(grouped(column, ofRows, 'group', only, 'last_place'), ofRows, last);
    return { sql, params, settings: settingsOf(false) };
  }
  const parts = from.map((reading) => grouped(column, ofRows, 'part', reading, 'part_last'));
  const whole = grouped(
    'part_value',
    ofRows.name === null ? { ...ofParts, name: null } : ofParts,
    'group',
    `FROM (${parts.join(' UNION ALL ')})`,
    'last_place',
  );
  return { sql: written(whole, ofRows, last), params, settings: settingsOf(true) };
}

/** The same by the value of a label of the primary resource, or by the names of its labels. */
export function labelGroupsSql(filters: AllFilters, by: ByLabel): CountSql {
  const { where, params } = filterSql(filters);
  const { key, condition, bound } = labelKeySql(by);
  const { ofRows, last } = groupColumns.event;
  const sql = written(
    grouped(key, ofRows, 'group', `FROM events WHERE (${where})${condition}`, 'last_place'),
    ofRows,
    last,
  );
  return { sql, params: { ...params, ...bound }, settings: settingsOf(false) };
}

export interface KeySql {
  readonly key: string;
  /** Begins with AND, or is empty. */
  readonly condition: string;
  readonly bound: Record<string, unknown>;
}

/** Events without the label are in no group. */
export function labelKeySql({ label }: ByLabel): KeySql {
  if (label === null) return { key: 'arrayJoin(mapKeys(resource))', condition: '', bound: {} };
  const name = '{group_of:String}';
  return { key: `resource[${name}]`, condition: ` AND mapContains(resource, ${name})`, bound: { group_of: label } };
}

export function grouped(
  value: string,
  { count, first, last, name }: Aggregates,
  prefix: 'part' | 'group',
  from: string,
  lastAs: string,
): string {
  const label = name === null ? '' : `, ${name} AS ${prefix}_name`;
  const counted = `${value} AS ${prefix}_value, ${count} AS ${prefix}_count`;
  const times = `${first} AS ${prefix}_first, ${last} AS ${lastAs}`;
  return `SELECT ${counted}, ${times}${label} ${from} GROUP BY ${prefix}_value`;
}

/** Groups with the names of the answer. */
function written(sql: string, { name }: Aggregates, last: string): string {
  const time = (micros: string) => `fromUnixTimestamp64Micro(toInt64(${micros}), 'UTC')`;
  return `SELECT group_value AS value, ${name === null ? 'group_value' : 'group_name'} AS label, group_count AS count,
      ${time('group_first')} AS start_time, ${time(last)} AS end_time
    FROM (${sql}) ORDER BY group_count DESC, label, value`;
}

/** Rows of `bucket, bucket_count`, those without events left out. */
export function bucketsSql(filters: AllFilters, buckets: Buckets): CountSql {
  const middle = fitsBuckets(buckets, 'hour') ? middleOf(filters, 'hour') : null;
  const { from, params } = readings(filters, middle);
  const parts = from.map((reading, at) => {
    return countedBuckets(middle !== null && at === 0, reading);
  });
  const all = parts.join(' UNION ALL ');
  const sql = `SELECT bucket, sum(part_count) AS bucket_count FROM (${all}) GROUP BY bucket ORDER BY bucket`;
  return { sql, params: { ...params, ...bucketBounds(buckets) }, settings: settingsOf(middle !== null) };
}

/** Rows of `bucket, part_count`, from a projection or from rows; by `bucket_first` and `bucket_width`. */
export function countedBuckets(isProjected: boolean, reading: string): string {
  const start = isProjected ? stepStart('hour') : micros;
  return `SELECT ${bucketKey(start)} AS bucket, count() AS part_count ${reading} GROUP BY bucket`;
}

/** The number of the bucket in which a time lies, which SQL has in micros; wants `bucketBounds`. */
export function bucketKey(micros: string): string {
  return `intDiv(${micros} - {bucket_first:Int64}, {bucket_width:Int64})`;
}

export function bucketBounds({ first, width }: BucketGrid): { bucket_first: string; bucket_width: string } {
  return { bucket_first: String(first), bucket_width: String(width) };
}

/**
 * FROM and WHERE of the readings that together are the range: the middle, if there is one, then the rows of the edges.
 */
export function readings(
  filters: AllFilters,
  middle: Middle | null,
): { from: string[]; params: Record<string, unknown> } {
  const { where, whereAnyTime, params } = filterSql(filters);
  if (middle === null) return { from: [`FROM events WHERE ${where}`], params };
  const step = stepOf[middle.rollup];
  const time = (name: string) => `fromUnixTimestamp64Micro({${name}:Int64}, 'UTC')`;
  const atEdges = `occurred < ${time('middle_first_micros')} OR occurred >= ${time('middle_end_micros')}`;
  return {
    from: [
      `FROM events WHERE ${whereAnyTime} AND ${step} >= {middle_first:Int64} AND ${step} < {middle_end:Int64}`,
      `FROM events WHERE ${where} AND (${atEdges})`,
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
