/**
 * The statements of counts.
 */
import type { Filter } from '../../schemas/filter.ts';
import { filterSql } from '../filter/sql.ts';

export interface CountSql {
  readonly sql: string;
  readonly params: Record<string, unknown>;
}

const columns = {
  event: ['event', 'group_value'],
  // Of a resource's events the newest names it; of several at the same time the one that came last.
  resource: ['resource_id', 'argMax(resource_name, (occurred, seq))'],
} as const;

/** Rows of `group_value, group_label, group_count, first_micros, last_micros`; most first, then by label and value. */
export function groupsSql(filter: Filter, countable: keyof typeof columns): CountSql {
  const { where, params } = filterSql(filter);
  const [column, label] = columns[countable];
  return { sql: groupedBy(column, label, where), params };
}

/** The same by the value of a label of the primary resource; events without it are in no group. */
export function labelGroupsSql(filter: Filter, label: string): CountSql {
  const { where, params } = filterSql(filter);
  const name = '{group_of:String}';
  return {
    sql: groupedBy(`resource[${name}]`, 'group_value', `(${where}) AND mapContains(resource, ${name})`),
    params: { ...params, group_of: label },
  };
}

function groupedBy(column: string, label: string, where: string): string {
  // Not min(occurred): once ClickHouse 26.7 has compiled it (from the fourth run on), times before 1970 count as the latest.
  return `SELECT ${column} AS group_value, ${label} AS group_label, count() AS group_count,
      toString(min(toUnixTimestamp64Micro(occurred))) AS first_micros,
      toString(max(toUnixTimestamp64Micro(occurred))) AS last_micros
    FROM events WHERE ${where}
    GROUP BY group_value ORDER BY group_count DESC, group_label, group_value`;
}
