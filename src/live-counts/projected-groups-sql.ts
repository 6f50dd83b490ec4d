/**
 * The same statement where a projection knows most of the answer (src/query/count-plan.ts). Whole steps of the window,
 * which are long past, come from it, and the rest from rows, as of the seq. A projection knows no seqs: how many of its
 * events lie above is told beside each group, read from the same snapshot.
 */
import { filterSql } from '../filter/sql.ts';
import { formatTimeForClickHouse } from '../filter/time.ts';
import { fitsBuckets, type Middle, middleOf } from '../query/count-plan.ts';
import { bucketBounds, countedBuckets, groupColumns, grouped, readings, settingsOf } from '../query/count-sql.ts';
import type { CountWindow, Question } from './question.ts';
import { type CountedRange, type GroupsStatement, rowsMax, slotSql, untilSql } from './stored-groups-sql.ts';

/** Null where no projection helps. */
export function projectedGroupsSql(
  question: Question,
  span: CountWindow,
  { after, upTo }: CountedRange,
  groupsMax: number,
): GroupsStatement | null {
  const [own, ...forced] = question.filters;
  const filters = [{ ...own, occurred: { since: span.sinceText, until: span.untilText } }, ...forced] as const;
  const middle = after > 0 ? null : middleFor(question, filters);
  if (middle === null) return null;
  const { from, params } = readings(filters, middle);
  const [whole = '', edges = ''] = from;
  const { whereAnyTime } = filterSql(filters);
  const later = `FROM events WHERE (${whereAnyTime}) AND occurred > ${untilSql} AND ${upToSql}`;
  const parts = [
    `SELECT *, -1 AS slot FROM (${partSql(question, true, whole)})`,
    `SELECT *, -1 AS slot FROM (${partSql(question, false, `${edges} AND ${upToSql}`)})`,
    ...(question.isOpen ? [laterSql(question, later)] : []),
  ];
  const above = `SELECT count() ${whole} AND seq > {up_to:UInt64}`;
  return {
    sql: `SELECT ${writtenSql(question)}, (${above}) AS above FROM (${parts.join(' UNION ALL ')})
      GROUP BY key, slot LIMIT {rows_max:UInt64}`,
    params: {
      ...params,
      ...(question.buckets !== null && bucketBounds(question.buckets)),
      ...(question.isOpen && { until: formatTimeForClickHouse(span.untilText) }),
      up_to: upTo,
      rows_max: rowsMax(question, groupsMax),
    },
    settings: settingsOf(true),
  };
}

const upToSql = 'seq <= {up_to:UInt64}';

function middleFor(question: Question, filters: Parameters<typeof middleOf>[0]): Middle | null {
  const { buckets, countable, stepSeconds } = question;
  if (stepSeconds !== null || typeof countable !== 'string') return null;
  if (buckets !== null) return fitsBuckets(buckets, 'hour') ? middleOf(filters, 'hour') : null;
  return middleOf(filters, groupColumns[groupsOf(question)].rollup);
}

function groupsOf({ countable }: Question): keyof typeof groupColumns {
  return countable === 'resource' ? 'resource' : 'event';
}

/** One reading's groups, in the text that the projection has. */
function partSql(question: Question, isProjected: boolean, reading: string): string {
  if (question.buckets !== null) return countedBuckets(isProjected, reading);
  const { column, ofRows } = groupColumns[groupsOf(question)];
  return grouped(column, ofRows, 'part', reading, 'part_last');
}

/** The same of rows behind the end of the window, by their slots. */
function laterSql(question: Question, reading: string): string {
  const [head = '', tail = ''] = partSql(question, false, reading).split(reading);
  return `${head}, ${slotSql} AS slot ${reading}${tail}, slot`;
}

/** The columns of an answer, from those of the parts. */
function writtenSql(question: Question): string {
  if (question.buckets !== null) {
    // Of a bucket nobody asks when its events occurred; those behind the window are told by their slots.
    return "toString(bucket) AS key, slot, sum(part_count) AS count, '0' AS first, '0' AS last";
  }
  const isNamed = question.countable === 'resource';
  const last = isNamed ? 'bitShiftRight(max(part_last), 64)' : 'max(part_last)';
  const name = isNamed ? ', argMax(part_name, part_last) AS name' : '';
  const times = `toString(min(part_first)) AS first, toString(toInt64(${last})) AS last`;
  return `toString(part_value) AS key, slot, sum(part_count) AS count, ${times}${name}`;
}
