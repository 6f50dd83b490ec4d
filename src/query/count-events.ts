/**
 * Counts events by time, name or resource (docs/prefect-facts.md, "Counts"), exactly (I8). Every visible row is final,
 * so the counts need no seq term. Each event is in one group.
 */
import type { CountOutcome, CountRequest } from '../../schemas/count.ts';
import type { AllFilters } from '../../schemas/filter.ts';
import type { ReadScope } from '../../schemas/read-scope.ts';
import type { QueryOptions, Store } from '../clickhouse/store.ts';
import { timeOfDate } from '../filter/time.ts';
import { type Buckets, bucketItem, bucketsOf, tooManyAsked } from './buckets.ts';
import { bucketsSql, type CountSql, groupsSql, labelGroupsSql } from './count-sql.ts';

export interface CountParts {
  readonly store: Pick<Store, 'rows' | 'jsonRows'>;
}

/**
 * Groups of `event` and `resource` come most first, then by label; those of `time` and `day` in time order, empty
 * buckets included. The 1000 buckets are checked for every countable, with the unit and interval given; `day` counts by
 * 1 day whatever they are, so for it the days are checked too.
 *
 * After the last regular bucket (`bucketsOf`) the list goes on to the bucket of the newest counted event, if that one
 * lies beyond: exactly at an `until` where a bucket starts, or later than the current unit. So every bucket says the
 * truth about its own span and the counts add up to the filter's total. (Prefect answers 500 in these two cases.)
 *
 * The counts come in parts, and asking for them may reject with a Failure of the store, in their middle too.
 */
export function countEvents(
  parts: CountParts,
  request: CountRequest & { readonly now: Date },
  { forced }: Pick<ReadScope, 'forced'>,
  signal?: AbortSignal,
): CountOutcome {
  const { filter, countable, unit, interval } = request;
  const now = timeOfDate(request.now);
  const range = { since: filter.occurred.since, until: filter.occurred.until ?? now };
  const detail = tooManyAsked(range, request);
  if (detail !== null) return { ok: false, tooManyBuckets: detail };
  const ask: Ask = {
    store: parts.store,
    filters: [filter, ...forced],
    groupsMax: request.groupsMax ?? null,
    options: signal ? { signal } : {},
  };
  switch (countable) {
    case 'day':
      return { ok: true, counts: countTimes(ask, bucketsOf(range, 'day', 1, now)) };
    case 'time':
      return { ok: true, counts: countTimes(ask, bucketsOf(range, unit, interval, now)) };
    case 'event':
    case 'resource':
      return { ok: true, counts: countGroups(ask, groupsSql(ask.filters, countable)) };
    default:
      return { ok: true, counts: countGroups(ask, labelGroupsSql(ask.filters, countable)) };
  }
}

interface Ask {
  readonly store: CountParts['store'];
  readonly filters: AllFilters;
  readonly groupsMax: number | null;
  readonly options: QueryOptions;
}

/** Groups as they come: there can be a million of them. */
async function* countGroups(
  { store, groupsMax, options }: Ask,
  { sql, params, settings }: CountSql,
): AsyncGenerator<Uint8Array> {
  const limited = groupsMax === null ? sql : `${sql}\nLIMIT {groups_max:UInt64}`;
  const bound = groupsMax === null ? params : { ...params, groups_max: groupsMax };
  for await (const piece of store.jsonRows(limited, bound, { ...options, settings })) yield withoutZeros(piece);
}

const zeros = '.000000Z';
/** No value or label looks like it: within a text there is a backslash before each quote. */
const timeWithZeros = /("(?:start|end)_time":".{19})\.000000Z"/g;

/** The JSON of groups with whole seconds as Prefect writes them: without a fraction. */
function withoutZeros(json: Buffer): Buffer {
  // As latin1 every byte is a letter: what is no ASCII stays as it is.
  return json.includes(zeros) ? Buffer.from(json.toString('latin1').replace(timeWithZeros, '$1Z"'), 'latin1') : json;
}

interface BucketRow {
  readonly bucket: string | number;
  readonly bucket_count: string | number;
}

async function* countTimes({ store, filters, options }: Ask, buckets: Buckets): AsyncGenerator<Uint8Array> {
  const { sql, params, settings } = bucketsSql(filters, buckets);
  const rows = await store.rows<BucketRow>(sql, params, { ...options, settings });
  const counted = new Map(rows.map((row) => [Number(row.bucket), Number(row.bucket_count)]));
  const length = Math.max(buckets.count, 1 + Number(rows.at(-1)?.bucket ?? -1));
  if (length === 0) return;
  const counts = Array.from({ length }, (_, index) => bucketItem(buckets, index, counted.get(index) ?? 0));
  yield Buffer.from(`${JSON.stringify(counts).slice(1, -1)},`);
}
