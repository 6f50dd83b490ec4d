/**
 * `sluice cluster recover`, on the stopped folder of the gateway that has applied most: see recover-log.ts.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { connectStore } from '../app/connect-store.ts';
import { journalOf } from '../app/open-intake.ts';
import { StartRefused } from '../base/errors.ts';
import { nodeFiles } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import { createCounters } from '../base/metrics.ts';
import type { Config } from '../config/config.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { openGatewayFolder } from '../gateway/gateway-folder.ts';
import { recoverLog } from '../gateway/recover-log.ts';
import { knownStream } from '../gateway/replica-side.ts';
import { readEpochFile } from '../journal/epoch-file.ts';
import type { Journal } from '../journal/journal.ts';
import { acquireLock } from '../journal/lock.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { firstState } from '../table-writer/open-writer-state.ts';
import type { DeadLetter } from '../table-writer/ports.ts';
import { startTableWriter } from '../table-writer/table-writer.ts';
import type { WriterState } from '../table-writer/writer-state.ts';
import { claimDeadLetter, refusalOfFull } from './claim-dead-letter.ts';
import { isKnown, takeOver } from './take-over.ts';
import { thereOf } from './there-of.ts';
import { untilDrained } from './until-drained.ts';

const answerMs = 60_000;

export interface RecoverHow {
  readonly isForced: boolean;
  /** Is told what is waited for. */
  readonly says: (sentence: string) => void;
  readonly log: Log;
}

/** Resolves to a sentence that says what was done. Rejects with StartRefused. */
export async function recoverCluster(
  config: Config,
  settings: GatewaySettings,
  nats: Nats,
  { isForced, says, log }: RecoverHow,
): Promise<string> {
  const folder = openGatewayFolder(config.dataDir, settings, nodeFiles);
  const lock = await acquireLock(config.dataDir);
  try {
    const known = knownStream(settings.name, readEpochFile(nodeFiles, folder.replica));
    if (known === null) {
      throw new StartRefused(`The data folder ${config.dataDir} follows no shared log yet: take another gateway's.`);
    }
    const replica = journalOf({ ...config, dataDir: folder.replica }, null, log, { replicaOf: known });
    const { head } = replica;
    const stream = await recoverLog({
      ...{ nats, known, isForced, says, log, pause: wait, now: Date.now },
      wish: { ...settings, idsMax: config.idWindowIdsMax },
      applied: { ...replica.applied, seq: head },
      isKnown: (epoch) => isKnown(config, epoch, log),
      async drain() {
        const deadLetter = await claimDeadLetter(nats, settings, `recovery of ${replica.epoch}`);
        await drain(config, replica, { isGiven: isForced, deadLetter, log });
      },
      async takeOver(begun, isSure) {
        await takeOver(config, begun, log, isSure ? known.epoch : null);
      },
    }).finally(() => replica.close());
    return (
      `Recovered: all up to seq ${head} is in ClickHouse, and epoch ${stream.epoch} begins at ${stream.firstSeq}. ` +
      'Start all gateways on their folders.'
    );
  } finally {
    await lock.release();
  }
}

interface DrainHow {
  /** See JournalFacts. */
  readonly isGiven: boolean;
  readonly deadLetter: Pick<DeadLetter, 'add'>;
  readonly log: Log;
}

/**
 * Nobody else writes: what ClickHouse has of it is looked for, and the rest is sent. From the oldest row on, wherever
 * the writer had come to: a database that was restored may lack what was stored.
 */
async function drain(config: Config, replica: Journal, { isGiven, deadLetter, log }: DrainHow): Promise<void> {
  const { epoch, firstSeq, head } = replica;
  let state: WriterState = { ...firstState(replica), maybeStoredUpTo: head };
  const facts = async () => ({
    ...{ owner: epoch, epoch, firstSeq, checkpoint: replica.checkpoint, head, sentUpTo: head },
    ...{ everInserted: false, isShared: true, isGiven },
  });
  const store = connectStore(config, { facts }, log);
  // The writer would try again for as long as it is full, and nobody replays it meanwhile.
  let fault: string | null = null;
  const bury: DeadLetter['add'] = (event) =>
    deadLetter.add(event).catch((error: unknown) => {
      fault = refusalOfFull(error)?.message ?? fault;
      throw error;
    });
  try {
    await store.whenReady(AbortSignal.timeout(answerMs)).catch((cause: unknown) => {
      throw new StartRefused(`ClickHouse does not serve: ${store.status.reason}`, { cause });
    });
    const { batchRowsMax: rowsMax, batchBytesMax: bytesMax } = config;
    const writer = startTableWriter({
      ...{ journal: replica, live: { mark: head }, state, counters: createCounters(), log, store },
      stateStore: {
        async save(next) {
          state = next;
        },
      },
      keepIds: () => undefined,
      deadLetter: { add: bury },
      options: { rowsMax, bytesMax, flushMs: 0 },
      settledOf: (_epoch, range) => thereOf(store, replica, range),
      trustsTokens: () => false,
    });
    writer.wake();
    const left = (): string | null => {
      const events = head - replica.checkpoint;
      return events <= 0 ? null : `${events} events of the replica are not stored`;
    };
    await untilDrained({ left, store, fault: () => fault }).finally(() => writer.stop(answerMs));
  } finally {
    await store.close();
  }
}
