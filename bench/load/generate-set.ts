/**
 * A data folder with a set of generated events in Sluice's own table, made once and kept: what `--cases scale` asks its
 * questions of. Loading can be stopped at any time, and goes on where it stopped.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLog } from '../../src/base/log.ts';
import { startEmbeddedEngine } from '../../src/clickhouse/embedded-engine.ts';
import { openStore, type Store } from '../../src/clickhouse/store.ts';
import { launchSluice } from '../../support/peers/sluice.ts';
import { pause, round } from '../target.ts';
import { type EventSet, firstSeq, insertSql, rangesOf } from './generate-events.ts';

/** So long that a kept set does not expire. */
export const keepForDays = 25_000;
/** Of the bench's engine: a set is loaded in larger blocks than a writer's, and read by larger merges. */
export const setEnvironment = { SLUICE_RETENTION_DAYS: String(keepForDays), SLUICE_LOG_LEVEL: 'warn' };

const rowsOfInsert = 100_000;
const loadMs = 600_000;
const lookMs = 1_000;
/** Nothing merges for so long: the parts stay as they are. */
const calmMs = 4_000;
/** After a load, whose last merges may be yet to begin. */
const loadedCalmMs = 20_000;

/** Days of more than this stay in several parts (migration 005). */
const dayBytesMax = 20 * 2 ** 30;

export interface LoadedSet {
  readonly set: EventSet;
  readonly loadSeconds: number;
  readonly parts: number;
  readonly bytesOnDisk: number;
  readonly bytesByColumn: Readonly<Record<string, number>>;
}

/** Makes the set in the folder, or goes on with it, or finds it there. `make` is asked for a folder without a set. */
export async function ensureSet(root: string, dataDir: string, make: () => EventSet): Promise<LoadedSet> {
  const file = join(dataDir, 'bench-set.json');
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true });
    // The journal of the folder begins above the set's seqs, and owns the database.
    const server = await launchSluice({ root, dataDir, env: setEnvironment });
    await server.stop();
    writeFileSync(file, JSON.stringify(make()));
  }
  const set = JSON.parse(readFileSync(file, 'utf8')) as EventSet; // written above
  return withStore(dataDir, async (store) => {
    const started = performance.now();
    await load(store, set);
    const loadSeconds = round((performance.now() - started) / 1000, 1);
    await untilCalm(store, loadSeconds > 5 ? loadedCalmMs : calmMs);
    await untilAged(store);
    return { set, loadSeconds, ...(await sizes(store)) };
  });
}

/** A store on the folder of a stopped Sluice. */
export async function withStore<Value>(dataDir: string, use: (store: Store) => Promise<Value>): Promise<Value> {
  const log = createLog('warn');
  const memoryBytesMax = 3 * 2 ** 30;
  const source = startEmbeddedEngine({ dataDir, memoryBytesMax, startMs: 120_000, log });
  const limits = { retentionDays: keepForDays, queriesMax: 4, queryMs: loadMs, queryMemoryBytesMax: 2 * 2 ** 30 };
  const store = openStore({ ...limits, source, log });
  try {
    await store.whenReady(AbortSignal.timeout(120_000));
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Inserts so many events of a set in one block, once however often. */
export async function insertRange(
  store: Store,
  set: EventSet,
  { from, to }: { readonly from: number; readonly to: number },
  rowsMax: number,
  more: Readonly<Record<string, number>> = {},
): Promise<void> {
  const settings = {
    insert_deduplication_token: `bench:${from}-${to}`,
    max_block_size: rowsMax,
    min_insert_block_size_rows: rowsMax,
    min_insert_block_size_bytes: 0,
    max_insert_threads: 1,
    max_threads: 1,
    ...more,
  };
  await store.command(insertSql(set, from, to), {}, { settings, deadlineMs: loadMs });
}

async function load(store: Store, set: EventSet): Promise<void> {
  const [found] = await store.rows<{ rows: number }>('SELECT count() AS rows FROM events', {});
  const present = found?.rows ?? 0;
  for (const { from, to } of rangesOf(set, rowsOfInsert)) {
    if (to <= present) continue;
    await insertRange(store, set, { from, to }, rowsOfInsert);
    if (from % 1_000_000 < rowsOfInsert) process.stderr.write(`  ${to} of ${set.events} events\n`);
  }
  const [after] = await store.rows<{ rows: number; least: number }>(
    'SELECT count() AS rows, min(seq) AS least FROM events',
    {},
  );
  if (after?.rows !== set.events || after.least !== firstSeq(set)) {
    throw new Error(
      `The folder holds ${after?.rows} events from seq ${after?.least}, not the ${set.events} of its set.`,
    );
  }
}

/**
 * The table's own rule makes one part of each day to which nothing came for a while: the set is as it will be then.
 * Only the wait is left out.
 */
async function untilAged(store: Store): Promise<void> {
  const rule = 'min_age_to_force_merge_seconds';
  const [table] = await store.rows<{ definition: string }>(
    `SELECT create_table_query AS definition FROM system.tables WHERE database = currentDatabase() AND name = 'events'`,
    {},
  );
  const seconds = new RegExp(`${rule} = (\\d+)`).exec(table?.definition ?? '')?.[1];
  if (seconds === undefined) throw new Error('The table has no rule of when a day becomes one part.');
  await store.command(`ALTER TABLE events MODIFY SETTING ${rule} = 1`);
  try {
    for (let left = -1; left !== 0; await pause(lookMs)) {
      const parts =
        `SELECT partition FROM system.parts WHERE database = currentDatabase() AND table = ` + `'events' AND active`;
      const [days] = await store.rows<{ many: number }>(
        `SELECT count() AS many FROM (${parts} GROUP BY partition HAVING count() > 1 AND sum(bytes_on_disk) ` +
          `< ${dayBytesMax})`,
        {},
      );
      left = days?.many ?? 0;
    }
  } finally {
    await store.command(`ALTER TABLE events MODIFY SETTING ${rule} = ${seconds}`);
  }
  await untilCalm(store, calmMs);
}

/** Late merges are part of what a table is: no question is asked while they run, and none is forced. */
async function untilCalm(store: Store, quietMs: number): Promise<void> {
  for (let calmSince = performance.now(); performance.now() - calmSince < quietMs; ) {
    const [now] = await store.rows<{ merges: number }>('SELECT count() AS merges FROM system.merges', {});
    if ((now?.merges ?? 0) > 0) calmSince = performance.now();
    await pause(lookMs);
  }
}

async function sizes(store: Store): Promise<Pick<LoadedSet, 'parts' | 'bytesOnDisk' | 'bytesByColumn'>> {
  const mine = `database = currentDatabase() AND table = 'events' AND active`;
  const [all] = await store.rows<{ parts: number; bytes: number }>(
    `SELECT count() AS parts, sum(bytes_on_disk) AS bytes FROM system.parts WHERE ${mine}`,
    {},
  );
  const columns = await store.rows<{ name: string; bytes: number }>(
    `SELECT column AS name, sum(column_bytes_on_disk) AS bytes FROM system.parts_columns WHERE ${mine} GROUP BY name
     UNION ALL SELECT name, sum(data_compressed_bytes) AS bytes FROM system.data_skipping_indices
       WHERE database = currentDatabase() AND table = 'events' GROUP BY name
     UNION ALL SELECT name, sum(bytes_on_disk) AS bytes FROM system.projection_parts WHERE ${mine} GROUP BY name`,
    {},
  );
  return {
    parts: all?.parts ?? 0,
    bytesOnDisk: all?.bytes ?? 0,
    bytesByColumn: Object.fromEntries(columns.map(({ name, bytes }) => [name, bytes])),
  };
}
