/**
 * Opens what makes an event durable (I1): journal, id window, live bus and the intake before them, from what the last
 * run left.
 */
import { join } from 'node:path';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { Failure, StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import type { JournalFacts } from '../clickhouse/ownership.ts';
import type { StoreStatus } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import type { LogReader } from '../event-log/log-reader.ts';
import { readEvent } from '../event-log/logged-event.ts';
import { parseRedaction } from '../event-text/redaction-rules.ts';
import { createRedactor, type Redactor } from '../event-text/redactor.ts';
import { type RecoveredIds, recoverIds } from '../ids/recover-ids.ts';
import { createIntake } from '../ingest/accept.ts';
import { LiveBus } from '../ingest/live-bus.ts';
import { ParkedEvents } from '../ingest/parked-events.ts';
import { powerCutIn } from '../journal/boot-file.ts';
import { readEpochFile } from '../journal/epoch-file.ts';
import { type Journal, openJournal } from '../journal/journal.ts';
import type { JournalOptions } from '../journal/journal-options.ts';
import { type JournalParts, thisMachine } from '../journal/journal-options.ts';
import { syncFolder } from '../journal/sync-folder.ts';
import { firstState } from '../table-writer/open-writer-state.ts';
import type { WriterStateStore } from '../table-writer/ports.ts';
import { isInDoubt } from '../table-writer/reconcile.ts';
import { TakenIds } from '../table-writer/taken-ids.ts';
import { sentUpTo, type WriterState } from '../table-writer/writer-state.ts';
import { writerStateFile } from '../table-writer/writer-state-file.ts';

export interface IntakeParts {
  readonly intake: ReturnType<typeof createIntake>;
  readonly journal: Journal;
  readonly live: LiveBus;
  readonly ids: Pick<RecoveredIds, 'window'>;
  readonly parked: ParkedEvents;
  /** What this journal says of itself to the database. */
  readonly facts: () => Promise<JournalFacts>;
  /** From now on nothing is taken in. */
  refuse(): void;
  /** Resolves when what was taken in is where readers find it, or after a while. */
  drain(): Promise<void>;
  /** The end, of the journal only where nothing of it waits for the disk. */
  close(isSettled: boolean): Promise<void>;
}

/** Of a Sluice that shares its log with nobody. */
export interface OwnIntake extends IntakeParts {
  readonly ids: RecoveredIds;
  readonly stateStore: WriterStateStore;
  /** What ClickHouse has is not known before it is asked: see reconcile.ts. */
  readonly isInDoubt: boolean;
}

/**
 * Of each of two blocks: what comes in a second and a half at 10,000 events a second, while a batch collects and the
 * one before is inserted; a journal that grows faster than ClickHouse takes it is read from the disk.
 */
const recentBytesMax = 16 * 1024 * 1024;

/** The settings of the journal. */
export type JournalConfig = Pick<
  Config,
  | 'dataDir'
  | 'durability'
  | 'clickhouseUrl'
  | 'journalSegmentBytesMax'
  | 'journalBudgetBytesMax'
  | 'journalKeepBytes'
  | 'journalKeepMs'
  | 'diskReserveBytes'
  | 'batchBytesMax'
>;

type ParkedConfig = Pick<Config, 'parkedEventsMax' | 'parkedBytesMax'>;

export type IntakeConfig = JournalConfig & ParkedConfig & Pick<Config, 'idWindowIdsMax' | 'redact'>;

/** Rejects with StartRefused where the journal or the writer's state cannot be trusted. */
export async function openIntake(
  config: IntakeConfig,
  machine: JournalParts,
  counters: Counters,
  store: () => StoreStatus,
  log: Log,
  hasSubscribers: () => boolean,
): Promise<OwnIntake> {
  const { files } = machine;
  const stateFile = writerStateFile(config.dataDir, config.durability === 'fsync', files);
  if (config.durability === 'fsync') syncFolder(files, config.dataDir);
  if (powerCutIn(files, config.dataDir, machine.bootId) === 'process' && stateFile.setAsideDamaged()) {
    log.warn("the power cut has taken the table writer's state: ClickHouse is asked what it has");
  }
  const isFirstStart = readEpochFile(files, config.dataDir) === null;
  const state = await stateFile.load();
  const journal = journalOf(config, state, log, { counters }, machine);
  // From now on a missing state, or one of another epoch, means that ClickHouse must be asked.
  if (isFirstStart && state === null) await stateFile.save(firstState(journal));
  const isDoubtful = isInDoubt(await stateFile.load(), journal);
  const live = new LiveBus(journal.head);
  const ids = recoverIds(
    journal,
    { ...config, checkpoint: state?.checkpoint ?? 0, isInDoubt: isDoubtful, now: Date.now, log },
    files,
  );
  const { window } = ids;
  const parked = recoverParked(journal, config);
  log.info(
    { epoch: journal.epoch, head: journal.head, checkpoint: journal.checkpoint, ids: window.size, parked: parked.size },
    'the journal is open',
  );

  const door = { isStopping: false };
  return {
    intake: createIntake({
      journal,
      window,
      parked,
      live,
      audience: { isThere: hasSubscribers, readBack: (seq) => readBack(journal, seq) },
      keepTaken: (rows) => new TakenIds(config.dataDir, files).add(rows),
      gate: () => whyShut(door.isStopping, store()),
      ...{ redactor: redactorOf(config), counters },
      log,
      now: Date.now,
      elapsedMs: () => performance.now(),
    }),
    journal,
    live,
    ids,
    parked,
    stateStore: stateFile,
    isInDoubt: isDoubtful,
    facts: async () => factsOf(journal, await stateFile.load()),
    ...endOf(journal, ids, door),
  };
}

function endOf(
  journal: Journal,
  ids: RecoveredIds,
  door: { isStopping: boolean },
): Pick<IntakeParts, 'refuse' | 'drain' | 'close'> {
  return {
    refuse: () => {
      door.isStopping = true;
    },
    drain: () => Promise.resolve(),
    async close(isSettled) {
      // It would wait for the same disk. The next start finds what a kill leaves.
      if (isSettled) journal.close();
      ids.close();
    },
  };
}

export function redactorOf({ redact }: Pick<Config, 'redact'>): Redactor | null {
  if (redact === null) return null;
  const rules = parseRedaction(redact);
  if (rules === null) throw new StartRefused('SLUICE_REDACT names no labels and payload paths (docs/SECURITY.md).');
  const redactor = createRedactor(rules);
  if (redactor !== null) return redactor;
  throw new StartRefused('SLUICE_REDACT: these paths together are too intricate; use fewer `*` behind a `**`.');
}

/** Why nothing is taken in; null where it is. */
export function whyShut(isStopping: boolean, { phase, reason }: StoreStatus): Failure | null {
  if (isStopping) return new Failure('shuttingDown', 'Sluice is stopping.');
  return phase === 'refused' ? new Failure('storeRefused', reason) : null;
}

function readBack(journal: LogReader, seq: number): StoredEvent {
  const event = readEvent(journal, seq);
  if (event === null) throw new Error(`the journal does not have event ${seq}, which it has just taken`);
  return event;
}

/** Opens the journal by the settings. Throws StartRefused. */
export function journalOf(
  config: JournalConfig,
  state: Pick<WriterState, 'checkpoint'> | null,
  log: Log,
  how: Pick<JournalOptions, 'newEpoch' | 'isForced' | 'counters' | 'replicaOf'>,
  machine: JournalParts = thisMachine(),
): Journal {
  const options: JournalOptions = {
    directory: config.dataDir,
    segmentBytesMax: config.journalSegmentBytesMax,
    budgetBytesMax: config.journalBudgetBytesMax,
    reserveFreeBytes: config.diskReserveBytes,
    ...(config.clickhouseUrl === null && { sharedDirectory: join(config.dataDir, 'clickhouse') }),
    keepBytesPastCheckpoint: config.journalKeepBytes,
    keepMsPastCheckpoint: config.journalKeepMs,
    recentBytes: Math.min(config.batchBytesMax, recentBytesMax),
    durability: config.durability,
    checkpoint: state?.checkpoint ?? null,
    ...how,
    log,
  };
  return openJournal(options, machine);
}

function recoverParked(journal: Journal, config: ParkedConfig): ParkedEvents {
  const bounds = { eventsMax: config.parkedEventsMax, bytesMax: config.parkedBytesMax };
  const parked = new ParkedEvents(bounds, (from) => journal.holdParked(from));
  for (const row of journal.parked.takeRows()) parked.add(row);
  parked.confirm(journal.committed.parked);
  return parked;
}

/** What the journal says of itself to the database, by what the table writer last wrote down. */
export function factsOf(journal: Journal, state: WriterState | null): JournalFacts {
  const { owner, epoch, firstSeq, checkpoint, head } = journal;
  return {
    owner,
    epoch,
    firstSeq,
    checkpoint,
    head,
    sentUpTo: sentUpTo({ checkpoint, range: state?.range ?? null }),
    // Whether this epoch was ever inserted from: then its database must know it.
    everInserted: state !== null && state.epoch === epoch && state.everInserted,
  };
}
