/**
 * Puts the table of migration 005 in the place of an older one, with its rows (I1): a partition key cannot be altered.
 * The copy is made beside the old table and exchanged with it in one atomic step; broken off before that, it begins
 * anew at the next start.
 */

import type { ClickHouseClient } from '@clickhouse/client';
import { Failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { liveMs } from './ownership.ts';
import { select } from './select.ts';

/** Stored columns of all tables that there were; `retention_days` is not in that of 001, and has a default. */
const columns = [
  ...['seq', 'id', 'received', 'occurred', 'search', 'raw', 'event', 'resource_id', 'resource_name'],
  ...['resource', 'related', 'related_ids', 'related_roles'],
];

/** Of any size: ClickHouse refuses to drop what has more than 50 GB. */
export const dropSettings = { max_table_size_to_drop: '0' } as const;

/**
 * `events_next` is there and empty, or it is the old table after the exchange. Throws Failure storeRefused while a
 * Sluice writes.
 */
export async function replaceEvents(client: ClickHouseClient, log: Log): Promise<void> {
  const key = await partitionKey(client);
  if (!key.includes('seq')) {
    const copied = key.includes('retention_days') ? [...columns, 'retention_days'] : columns;
    await refuseWhileWritten(client);
    const days = await select<{ day: string }>(
      client,
      'SELECT DISTINCT toDate(received) AS day FROM events ORDER BY day',
    );
    if (days.length > 0) log.info({ days: days.length }, 'copying the events into their new table');
    for (const { day } of days) await copyDay(client, copied.join(', '), day);
    const [counts] = await select<{ before: number | string; after: number | string }>(
      client,
      'SELECT (SELECT count() FROM events) AS before, (SELECT count() FROM events_next) AS after',
    );
    // Meanwhile the old table may have let days go that are over.
    if (Number(counts?.after) < Number(counts?.before)) {
      throw new Failure(
        'storeRefused',
        `The new table has ${counts?.after} events, the old one ${counts?.before}: nothing was replaced, ` +
          `and the copy begins anew.`,
      );
    }
    await client.command({ query: 'EXCHANGE TABLES events AND events_next' });
  }
  await client.command({ query: 'DROP TABLE IF EXISTS events_next', clickhouse_settings: dropSettings });
}

async function partitionKey(client: ClickHouseClient): Promise<string> {
  const [table] = await select<{ key: string }>(
    client,
    `SELECT partition_key AS key FROM system.tables WHERE database = currentDatabase() AND name = 'events'`,
  );
  return table?.key ?? '';
}

/** What another Sluice inserts behind the copy would be lost. */
async function refuseWhileWritten(client: ClickHouseClient): Promise<void> {
  const [alive] = await select<{ beats: number | string }>(
    client,
    `SELECT count() AS beats FROM journals WHERE heartbeat > now64(3, 'UTC') - toIntervalMillisecond(${liveMs})`,
  );
  if (Number(alive?.beats) === 0) return;
  throw new Failure(
    'storeRefused',
    `The events are to be copied into a new table, but a Sluice wrote to this database within the ` +
      `last ${liveMs / 1000} s: it goes on by itself once none does.`,
  );
}

async function copyDay(client: ClickHouseClient, columns: string, day: string): Promise<void> {
  await client.command({
    query: `INSERT INTO events_next (${columns}) SELECT ${columns} FROM events WHERE toDate(received) = {day:Date}`,
    query_params: { day },
    clickhouse_settings: {
      async_insert: 0,
      deduplicate_insert: 'disable',
      // Small blocks: with its indexes and projections a block of the usual size takes the memory of a whole engine.
      max_block_size: '65536',
      min_insert_block_size_rows: '65536',
      min_insert_block_size_bytes: '0',
      // A day can take longer than a silent socket is kept.
      send_progress_in_http_headers: 1,
      http_headers_progress_interval_ms: '20000',
    },
  });
}
