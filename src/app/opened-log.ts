/**
 * The log of this Sluice, opened for writing: its own journal, or as a gateway a spool and the replica of a shared log.
 */
import type { Failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import type { Store, StoreStatus } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import { gatewayOf } from '../config/gateway-settings.ts';
import { nextRun, openGatewayFolder, refuseGatewayFolder } from '../gateway/gateway-folder.ts';
import type { OpenGateway } from '../gateway/open-gateway.ts';
import { startGateway } from '../gateway/start-gateway.ts';
import type { JournalParts } from '../journal/journal-options.ts';
import { openDeadLetter } from '../table-writer/dead-letter.ts';
import { openWriterState } from '../table-writer/open-writer-state.ts';
import type { DeadLetter } from '../table-writer/ports.ts';
import type { TableWriter } from '../table-writer/table-writer.ts';
import { TakenIds } from '../table-writer/taken-ids.ts';
import { warnOfOwnDeadLetter } from './greet.ts';
import { type IntakeParts, journalOf, openIntake, redactorOf, whyShut } from './open-intake.ts';
import { startWriter } from './start-writing.ts';

export interface OpenedLog {
  readonly intake: IntakeParts;
  /** Null for a single Sluice. */
  readonly gateway: OpenGateway | null;
  readonly deadLetter: Pick<DeadLetter, 'entries' | 'remove'>;
  /** Reads what the writer goes on from; what it gives starts it. */
  readonly prepareWriter: () => Promise<(store: Store) => TableWriter>;
}

export interface LogWorld {
  readonly machine: JournalParts;
  readonly counters: Counters;
  readonly store: () => StoreStatus;
  readonly hasSubscribers: () => boolean;
  readonly log: Log;
}

/** Rejects with StartRefused. */
export async function openLog(config: Config, world: LogWorld): Promise<OpenedLog> {
  const settings = gatewayOf(config);
  if (settings !== null) return await openShared(config, settings, world);
  const { machine, counters, store, hasSubscribers, log } = world;
  refuseGatewayFolder(config.dataDir);
  const intake = await openIntake(config, machine, counters, store, log, hasSubscribers);
  const deadLetter = openDeadLetter(config.dataDir, machine.files);
  return {
    ...{ intake, deadLetter, gateway: null },
    async prepareWriter() {
      const state = await openWriterState(intake.stateStore, intake.journal, deadLetter);
      return (opened) => startWriter({ config, intake, store: opened, state, deadLetter, counters, log });
    },
  };
}

async function openShared(
  config: Config,
  settings: NonNullable<ReturnType<typeof gatewayOf>>,
  { machine, counters, store, hasSubscribers, log }: LogWorld,
): Promise<OpenedLog> {
  const { files } = machine;
  const door = { isStopping: false };
  const folder = openGatewayFolder(config.dataDir, settings, files);
  warnOfOwnDeadLetter(config.dataDir, log);
  const gateway = await startGateway({
    ...{ settings, shared: config, counters, files, log, hasSubscribers, folder },
    run: nextRun(config.dataDir, files),
    idsMax: config.idWindowIdsMax,
    isSynced: config.durability === 'fsync',
    parkedMax: config.parkedEventsMax,
    keepTaken: (rows) => new TakenIds(config.dataDir, files).add(rows),
    openJournal(dataDir, replicaOf) {
      // A spool is read by nobody who lags.
      const own = replicaOf === null ? { journalKeepBytes: 0, batchBytesMax: 0 } : {};
      const how = replicaOf === null ? { counters } : { replicaOf };
      return journalOf({ ...config, dataDir, ...own }, null, log, how, machine);
    },
    gate: (): Failure | null => whyShut(door.isStopping, store()),
    redactor: redactorOf(config),
  });
  const { batchRowsMax: rowsMax, batchBytesMax: bytesMax, flushMs } = config;
  return {
    intake: intakeOf(gateway, door),
    gateway,
    deadLetter: gateway.deadLetter,
    prepareWriter: async () => (opened) => gateway.startWriter(opened, { rowsMax, bytesMax, flushMs }),
  };
}

function intakeOf(gateway: OpenGateway, door: { isStopping: boolean }): IntakeParts {
  const { replica, spool, replicaSide, spoolSide } = gateway;
  return {
    intake: spoolSide.intake,
    journal: replica,
    live: replicaSide.live,
    ids: {
      get window() {
        return replicaSide.replica.window;
      },
    },
    parked: spoolSide.parked,
    facts: async () => gateway.facts(),
    refuse: () => {
      door.isStopping = true;
    },
    drain: () => gateway.drain(),
    async close(isSettled) {
      await gateway.close(isSettled);
      // What waits for a disk that does not answer is as a kill leaves it.
      if (!isSettled) return;
      spool.close();
      replica.close();
    },
  };
}
