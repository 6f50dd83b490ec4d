/**
 * The statement that reads the groups of a question from rows, as of a seq.
 */
import { quickRead } from '../clickhouse/statements.ts';
import { filterSql } from '../filter/sql.ts';
import { formatTimeForClickHouse } from '../filter/time.ts';
import { bucketBounds, bucketKey, groupColumns, type KeySql, labelKeySql, micros } from '../query/count-sql.ts';
import { laterOfGroup } from './groups.ts';
import type { CountWindow, Question } from './question.ts';
import { slotMicros } from './slot.ts';

export interface CountedRange {
  readonly after: number;
  readonly upTo: number;
}

/** Rows of `key, slot, count, first, last, name`: times in microseconds, as text; slot -1 is within the window. */
export interface GroupsStatement {
  readonly sql: string;
  readonly params: Record<string, unknown>;
  readonly settings: Readonly<Record<string, string | number>>;
}

export function storedGroupsSql(
  question: Question,
  span: CountWindow,
  { after, upTo }: CountedRange,
  groupsMax: number,
): GroupsStatement {
  const [own, ...forced] = question.filters;
  const { where, params } = filterSql([{ ...own, occurred: { ...own.occurred, since: span.sinceText } }, ...forced]);
  const { key, condition, bound } = keySql(question);
  const slot = question.isOpen ? `if(occurred > ${untilSql}, ${slotSql}, -1)` : '-1';
  const step = question.stepSeconds === null ? '0' : `intDiv(${micros}, ${question.stepSeconds * 1_000_000})`;
  const name = question.countable === 'resource' ? `, ${groupColumns.resource.ofRows.name} AS name` : '';
  return {
    sql: `SELECT toString(${key}) AS key, ${slot} AS slot, ${step} AS step, count() AS count,
        toString(min(${micros})) AS first, toString(max(${micros})) AS last${name}
      FROM events WHERE (${where})${condition} AND seq > {after:UInt64} AND seq <= {up_to:UInt64}
      GROUP BY key, slot, step LIMIT {rows_max:UInt64}`,
    params: {
      ...params,
      ...bound,
      ...(question.isOpen && { until: formatTimeForClickHouse(span.untilText) }),
      after,
      up_to: upTo,
      rows_max: rowsMax(question, groupsMax),
    },
    settings: { ...quickRead, enable_shared_storage_snapshot_in_query: 1 },
  };
}

export const untilSql = "{until:DateTime64(6, 'UTC')}";
export const slotSql = `intDiv(${micros}, ${slotMicros})`;

/** Steps of a window that slides, at most. */
const partsOfSlide = 62;

/** Beside the groups of the window, those behind it, and one that is too many. */
export function rowsMax({ stepSeconds }: Question, groupsMax: number): number {
  return groupsMax * ((stepSeconds === null ? 1 : partsOfSlide) + laterOfGroup) + 1;
}

function keySql({ countable, buckets }: Question): KeySql {
  if (buckets !== null) return { key: bucketKey(micros), condition: '', bound: bucketBounds(buckets) };
  if (typeof countable !== 'string') return labelKeySql(countable);
  return { key: countable === 'resource' ? 'resource_id' : 'event', condition: '', bound: {} };
}
