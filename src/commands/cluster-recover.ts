/**
 * `sluice cluster recover`, on the stopped folder of the gateway that has applied most: see recover-log.ts.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { connectStore, openSource } from '../app/connect-store.ts';
import { journalOf } from '../app/open-intake.ts';
import { StartRefused } from '../base/errors.ts';
import { nodeFiles } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import { createCounters } from '../base/metrics.ts';
import { catchUp, syncEvents, syncSmall } from '../clickhouse/deciding-reads.ts';
import { adoptDatabase, registerOwner } from '../clickhouse/ownership.ts';
import { openStore } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { openGatewayFolder } from '../gateway/gateway-folder.ts';
import { recoverLog } from '../gateway/recover-log.ts';
import { knownStream } from '../gateway/replica-side.ts';
import { readEpochFile } from '../journal/epoch-file.ts';
import type { Journal } from '../journal/journal.ts';
import { acquireLock } from '../journal/lock.ts';
import type { Nats } from '../nats/connect-nats.ts';
import type { OpenedStream } from '../nats/open-stream.ts';
import { openDeadLetter } from '../table-writer/dead-letter.ts';
import { firstState } from '../table-writer/open-writer-state.ts';
import { settledOf } from '../table-writer/stored-of.ts';
import { startTableWriter } from '../table-writer/table-writer.ts';
import type { WriterState } from '../table-writer/writer-state.ts';

const answerMs = 60_000;
/** Longer than the heartbeat of what this command itself had open. */
const takeOverMs = 90_000;
const againMs = 100;

/** Resolves to a sentence that says what was done. Rejects with StartRefused. */
export async function recoverCluster(
  config: Config,
  settings: GatewaySettings,
  nats: Nats,
  { isForced, log }: { readonly isForced: boolean; readonly log: Log },
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
      ...{ nats, known, isForced, log, pause: wait, now: Date.now },
      wish: { ...settings, idsMax: config.idWindowIdsMax },
      applied: { ...replica.applied, seq: head },
      drain: (checkpoint) => drain(config, replica, checkpoint, log),
      takeOver: (begun) => takeOver(config, begun, log),
    }).finally(() => replica.close());
    return (
      `Recovered: all up to seq ${head} is in ClickHouse, and epoch ${stream.epoch} begins at ${stream.firstSeq}. ` +
      'Start all gateways on their folders.'
    );
  } finally {
    await lock.release();
  }
}

/** Nobody else writes: what ClickHouse has of it is looked for, and the rest is sent. */
async function drain(config: Config, replica: Journal, checkpoint: number | null, log: Log): Promise<void> {
  const { epoch, firstSeq, head } = replica;
  if (checkpoint !== null && checkpoint > replica.checkpoint) replica.advanceCheckpoint(Math.min(checkpoint, head));
  let state: WriterState = { ...firstState(replica), maybeStoredUpTo: head };
  const facts = async () => ({
    ...{ owner: epoch, epoch, firstSeq, checkpoint: replica.checkpoint, head, sentUpTo: head },
    ...{ everInserted: false, isShared: true },
  });
  const store = connectStore(config, { facts }, log);
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
      deadLetter: openDeadLetter(config.dataDir),
      options: { rowsMax, bytesMax, flushMs: 0 },
      settledOf: (of, range) => settledOf(store, of, range),
      trustsTokens: () => false,
    });
    writer.wake();
    while (replica.checkpoint < head) {
      if (store.status.phase === 'refused') throw new StartRefused(store.status.reason);
      await wait(againMs);
    }
    await writer.stop(answerMs);
  } finally {
    await store.close();
  }
}

/** Once nobody's heartbeat is fresh, this command's own included. */
async function takeOver(config: Config, { epoch, firstSeq }: OpenedStream, log: Log): Promise<void> {
  const store = openStore({
    ...{ ...config, source: openSource(config, log), log },
    async verify({ client, layout }) {
      await catchUp(client, [...syncEvents(layout), ...syncSmall(layout, 'journals')]);
      const { maxSeq } = await adoptDatabase(client, epoch);
      if (maxSeq > firstSeq) throw new StartRefused(`The database holds seq ${maxSeq}, above ${firstSeq}.`);
      const facts = { owner: epoch, epoch, firstSeq, checkpoint: firstSeq - 1, head: firstSeq - 1 };
      await registerOwner(client, { ...facts, sentUpTo: firstSeq - 1, everInserted: false });
    },
  });
  try {
    await store.whenReady(AbortSignal.timeout(takeOverMs));
  } catch (cause) {
    throw new StartRefused(`The database could not be taken over: ${store.status.reason} Run this again.`, { cause });
  } finally {
    await store.close();
  }
}
