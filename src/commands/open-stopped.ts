/**
 * A stopped data folder, opened for a command: locked, with its journal, its books and its ClickHouse, and nothing that
 * takes events or moves them.
 */
import { existsSync } from 'node:fs';
import { filter, firstValueFrom, timeout } from 'rxjs';
import { connectStore, type StoreConfig } from '../app/connect-store.ts';
import { factsOf, type JournalConfig, journalOf } from '../app/open-intake.ts';
import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Store } from '../clickhouse/store.ts';
import { epochPath } from '../journal/epoch-file.ts';
import type { Journal } from '../journal/journal.ts';
import { acquireLock } from '../journal/lock.ts';
import { openDeadLetter } from '../table-writer/dead-letter.ts';
import { doubted } from '../table-writer/ledger.ts';
import { openWriterState } from '../table-writer/open-writer-state.ts';
import type { DeadLetter, WriterStateStore } from '../table-writer/ports.ts';
import type { WriterState } from '../table-writer/writer-state.ts';
import { writerStateFile } from '../table-writer/writer-state-file.ts';

export interface StoppedFolder {
  readonly journal: Journal;
  readonly stateStore: WriterStateStore;
  readonly state: WriterState;
  readonly deadLetter: DeadLetter;
  /** Ready. */
  readonly store: Store;
  close(): Promise<void>;
}

/** The settings that it takes. */
export type StoppedConfig = JournalConfig & StoreConfig;

/** Beyond the engine's own deadline. */
const answerMs = 30_000;

/** Throws StartRefused where the folder is in use or damaged, holds nothing, or its ClickHouse does not serve it. */
export async function openStopped(config: StoppedConfig, log: Log): Promise<StoppedFolder> {
  const { dataDir } = config;
  if (!existsSync(epochPath(dataDir))) {
    throw new StartRefused(`The data folder ${dataDir} holds no journal. Name another one by SLUICE_DATA_DIR.`);
  }
  const lock = await acquireLock(dataDir);
  const stateStore = writerStateFile(dataDir, config.durability === 'fsync');
  const deadLetter = openDeadLetter(dataDir);
  const journal = journalOf(config, await stateStore.load(), log, {});
  const found = await openWriterState(stateStore, journal, deadLetter);
  // This start may change the retention of event types, and with that what the tokens of a range under way are for.
  const state = doubted(found);
  if (state !== found) await stateStore.save(state);
  const facts = async () => factsOf(journal, await stateStore.load());
  const store = connectStore(config, { facts }, log);

  async function close(): Promise<void> {
    journal.close();
    await store.close();
    await lock.release();
  }

  try {
    await untilServing(store, config.engineStartMs + answerMs);
  } catch (error) {
    await close();
    throw error;
  }
  return { journal, stateStore, state, deadLetter, store, close };
}

async function untilServing(store: Store, deadlineMs: number): Promise<void> {
  const decided$ = store.status$.pipe(filter(({ phase }) => phase === 'ready' || phase === 'refused'));
  const status = await firstValueFrom(decided$.pipe(timeout(deadlineMs))).catch((cause: unknown) => {
    throw new StartRefused(`ClickHouse does not serve: ${store.status.reason}`, { cause });
  });
  if (status.phase === 'refused') throw new StartRefused(status.reason);
}
