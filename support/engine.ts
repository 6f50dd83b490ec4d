/**
 * A real ClickHouse for a test file: one embedded engine and one store in a folder of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { firstValueFrom } from 'rxjs';
import type { EngineTimes } from '../actors/engine.ts';
import { type EmbeddedEngine, startEmbeddedEngine } from '../src/clickhouse/embedded-engine.ts';
import type { Endpoint } from '../src/clickhouse/endpoint.ts';
import { openStore, type Store, type StoreOptions } from '../src/clickhouse/store.ts';

export interface TestStore {
  readonly store: Store;
  readonly engine: EmbeddedEngine;
  readonly dataDir: string;
  /** For raw access; the engine gets another one at each start. */
  endpoint(): Promise<Endpoint>;
  /** Stops store and engine and removes the folder. */
  stop(): Promise<void>;
}

export const silentLog = pino({ level: process.env.TEST_LOG ?? 'silent' }, pino.destination(2));

export function startTestEngine(dataDir: string, times: Partial<EngineTimes> = {}, hungMs = 60_000): EmbeddedEngine {
  return startEmbeddedEngine({
    dataDir,
    memoryBytesMax: 2 ** 31,
    startMs: 60_000,
    ...(hungMs !== undefined && { hungMs }),
    log: silentLog,
    times,
  });
}

/** Resolves when the store is ready. */
export async function startTestStore(
  options: Partial<StoreOptions> = {},
  times: Partial<EngineTimes> = {},
): Promise<TestStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-store-'));
  const engine = startTestEngine(dataDir, times);
  const store = openStore({ ...testStoreOptions, source: engine, ...options });
  await store.whenReady(AbortSignal.timeout(90_000));
  return {
    store,
    engine,
    dataDir,
    endpoint: () => currentEndpoint(engine),
    async stop() {
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export const testStoreOptions = {
  // Samples have dates of their own: no test may fail because the calendar has gone on.
  retentionDays: 3_650,
  queriesMax: 8,
  queryMs: 20_000,
  queryMemoryBytesMax: 2 ** 29,
  log: silentLog,
} as const;

async function currentEndpoint(engine: EmbeddedEngine): Promise<Endpoint> {
  const state = await firstValueFrom(engine.endpoint$);
  if (state.endpoint === null) throw new Error(state.reason);
  return state.endpoint;
}
