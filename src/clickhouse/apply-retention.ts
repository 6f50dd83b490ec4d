/**
 * The retention, which is a setting and may differ at each start: of events, of event types with days of their own, and
 * of the filters behind page links.
 */

import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import type { Log } from '../base/log.ts';
import { longestRetentionDays } from '../base/retention.ts';
import { kindOf, type Servers, schemaSettings } from './layout.ts';
import { alterDistributed, alterPlaced, eventsTable, type Statement } from './on-cluster.ts';
import { type MigrationValues, retentionClass } from './read-migrations.ts';
import { select } from './select.ts';

export interface RetentionOptions extends MigrationValues {
  /**
   * Runs before events of some types go into other parts than before: a batch that was sent before and is sent again
   * must be looked for first, for the tokens of other parts are others.
   */
  readonly beforeClassChange?: () => Promise<void>;
}

/**
 * An event type keeps the days that its setting had when the event came; the retention of all others is of the table.
 */
export async function applyRetention(servers: Servers, values: RetentionOptions, log: Log): Promise<void> {
  for (const server of servers.every) await applyTo(server, values, log);
}

async function applyTo(server: ClickHouseClient, values: RetentionOptions, log: Log): Promise<void> {
  const table = eventsTable(values);
  const [present] = await select<{ definition: string; class: string }>(
    server,
    `SELECT create_table_query AS definition, (SELECT any(default_expression) FROM system.columns
        WHERE database = currentDatabase() AND table = '${table}' AND name = 'retention_days') AS class
     FROM system.tables WHERE database = currentDatabase() AND name = '${table}'`,
  );
  const wantedClass = retentionClass(values.retentionOverrides ?? {});
  if (present?.class !== wantedClass) {
    log.info({ from: present?.class, to: wantedClass }, 'changing the retention of some event types');
    await values.beforeClassChange?.();
    const change = `ALTER TABLE events MODIFY COLUMN retention_days UInt16 DEFAULT ${wantedClass}`;
    // A Distributed table fills in its own defaults before it sends rows on.
    if (kindOf(values) !== 'single') await alter(server, alterDistributed(change, values));
    // Last: where it was broken off, the next start sees that this one differs.
    await alter(server, alterPlaced(change, values));
  }
  const days = /if\(retention_days = 0, (\d+), retention_days\)/.exec(present?.definition ?? '')?.[1];
  if (days === String(values.retentionDays)) return;
  log.info({ fromDays: days, toDays: values.retentionDays }, 'changing the retention of events');
  // The table recalculates the ends of its parts without rewriting them (materialize_ttl_recalculate_only).
  const kept = `toDateTime(received) + toIntervalDay(if(retention_days = 0, ${values.retentionDays}, retention_days))`;
  await alter(server, alterPlaced(`ALTER TABLE events MODIFY TTL ${kept}`, values), {
    materialize_ttl_after_modify: 1,
    mutations_sync: '0',
  });
}

/** Filters of page links are of use as long as events are there to be read with them. */
export async function applyFilterRetention({ client }: Servers, values: MigrationValues, log: Log): Promise<void> {
  const [present] = await select<{ definition: string }>(
    client,
    `SELECT create_table_query AS definition FROM system.tables
     WHERE database = currentDatabase() AND name = 'page_filters'`,
  );
  const wantedDays = String(longestRetentionDays(values));
  const days = /TTL toDateTime\(made\) \+ toIntervalDay\((\d+)\)/.exec(present?.definition ?? '')?.[1];
  if (days === wantedDays) return;
  log.info({ fromDays: days, toDays: wantedDays }, 'changing the retention of page filters');
  const change = `ALTER TABLE page_filters MODIFY TTL toDateTime(made) + toIntervalDay(${wantedDays})`;
  await alter(client, alterPlaced(change, values), { mutations_sync: '0' });
}

async function alter(
  client: ClickHouseClient,
  { text: query }: Statement,
  settings: ClickHouseSettings = {},
): Promise<void> {
  await client.command({ query, clickhouse_settings: { ...schemaSettings, ...settings } });
}
