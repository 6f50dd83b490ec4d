/**
 * `sluice cluster init --from FOLDER`: a single Sluice becomes a cluster of gateways, which go on behind all that it
 * had. See init-log.ts.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { joinTokens } from '../access/join-tokens.ts';
import { readTokens } from '../access/token-file.ts';
import { connectStore } from '../app/connect-store.ts';
import { openIntake } from '../app/open-intake.ts';
import { startResolver, startWriter } from '../app/start-writing.ts';
import { endsWithin } from '../base/ends-within.ts';
import { StartRefused } from '../base/errors.ts';
import { nodeFiles } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import { createCounters } from '../base/metrics.ts';
import { OneAtATime } from '../base/one-at-a-time.ts';
import { decidingRead } from '../clickhouse/deciding-reads.ts';
import type { Store } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { placeFile } from '../forwarder/place-file.ts';
import { isGatewayFolder } from '../gateway/gateway-folder.ts';
import { type HandedOver, noteHandedOver, readHandedOver } from '../gateway/handed-over.ts';
import { initLog } from '../gateway/init-log.ts';
import { tokensKey } from '../gateway/join-log.ts';
import { firstSeqBehind } from '../gateway/recover-log.ts';
import { changeShared } from '../gateway/shared-tokens.ts';
import { epochPath, readEpochFile } from '../journal/epoch-file.ts';
import { thisMachine } from '../journal/journal-options.ts';
import { acquireLock } from '../journal/lock.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { openDeadLetter } from '../table-writer/dead-letter.ts';
import { openWriterState } from '../table-writer/open-writer-state.ts';
import { seqsIn } from '../table-writer/ports.ts';
import type { TableWriter } from '../table-writer/table-writer.ts';
import { claimDeadLetter, refusalOfFull } from './claim-dead-letter.ts';
import { takeOver } from './take-over.ts';
import { untilDrained } from './until-drained.ts';
import type { Done } from './written-down.ts';

const stopMs = 10_000;

/** The folder is that of the settings. Rejects with StartRefused. */
export async function initCluster(
  config: Config,
  settings: Pick<GatewaySettings, 'name' | 'replicas'>,
  nats: Nats,
  { says, log }: { readonly says: (sentence: string) => void; readonly log: Log },
): Promise<Done> {
  const { dataDir, idWindowIdsMax: idsMax, logBytesMax: bytesMax } = config;
  const { name, replicas } = settings;
  refuseUnfit(config);
  const lock = await acquireLock(dataDir);
  try {
    const owner = readEpochFile(nodeFiles, dataDir)?.owner ?? null;
    const { stream, wasDone } = await initLog({
      ...{ nats, says, pause: wait, wish: { name, replicas, bytesMax, idsMax } },
      begun: readHandedOver(nodeFiles, dataDir),
      drain: () => drain(config, name, log),
      async copyTokens() {
        const own = readTokens(dataDir);
        if (own.length > 0) await changeShared(await tokensKey(nats, settings), (records) => joinTokens(records, own));
      },
      copyDead: () => copyDead(dataDir, nats, settings),
      takeOver: (begun) => takeOver(config, begun, log, owner),
    });
    if (wasDone) {
      const text = `The shared log ${name} goes on from ${dataDir} already: start its gateways.`;
      return { fact: { what: 'nothing to do', command: 'cluster init' }, ok: true, text };
    }
    const { size: dead } = await seqsIn(openDeadLetter(dataDir));
    const text = [
      `The shared log ${name} goes on from ${dataDir}: all up to seq ${stream.after?.seq} is in ClickHouse, and ` +
        `epoch ${stream.epoch} begins at ${stream.firstSeq}. Start the gateways, each on a new folder.`,
      ...(dead === 0 ? [] : [`${dead} events of its dead letter are in that of all gateways.`]),
      ...(await unforwarded(dataDir, stream.after?.seq ?? 0)),
    ].join('\n');
    return { fact: { what: 'handed over' }, ok: true, text };
  } finally {
    await lock.release();
  }
}

/** What the folder has not forwarded to Prefect the gateways do not forward; what cannot be read is not told. */
async function unforwarded(dataDir: string, head: number): Promise<string[]> {
  const place = await placeFile(dataDir, false, nodeFiles)
    .load()
    .catch(() => null);
  if (place === null || place.confirmed >= head) return [];
  return [
    `Prefect may lack events from seq ${place.confirmed + 1} to ${head}, and the gateways do not forward them: ` +
      '`sluice verify --prefect URL --since … --repair` sends what it lacks.',
  ];
}

/** Each once, however often this is broken off. They stay in the folder too. */
async function copyDead(
  dataDir: string,
  nats: Nats,
  settings: Pick<GatewaySettings, 'name' | 'replicas'>,
): Promise<void> {
  const claimed = await claimDeadLetter(nats, settings, 'init');
  try {
    for await (const event of openDeadLetter(dataDir).entries()) await claimed.add(event);
  } catch (cause) {
    throw refusalOfFull(cause) ?? cause;
  }
}

function refuseUnfit({ dataDir, clickhouseUrl }: Config): void {
  if (isGatewayFolder(dataDir) || !existsSync(epochPath(dataDir))) {
    throw new StartRefused(`The folder ${dataDir} is not that of a single Sluice: --from names its data folder.`);
  }
  if (clickhouseUrl === null) throw new StartRefused(`CLICKHOUSE_URL is not set, and ${ofEmbedded}`);
}

const ofEmbedded =
  'gateways need a ClickHouse that all of them reach: they cannot share an embedded one. Start the single Sluice, ' +
  'take its events by `sluice export --out`, start gateways on an empty database, and give the file to ' +
  '`sluice import`. Nothing was changed.';

/** As a start does it, but nothing is taken in. */
async function drain(config: Config, name: string, log: Log): Promise<HandedOver> {
  const { dataDir } = config;
  const counters = createCounters();
  const intake = await openIntake(
    config,
    thisMachine(),
    counters,
    () => store.status,
    log,
    () => false,
  );
  const { journal, parked, live } = intake;
  const deadLetter = openDeadLetter(dataDir);
  const state = await openWriterState(intake.stateStore, journal, deadLetter);
  const user = { facts: intake.facts, beforeClassChange: () => writer.doubtRange() };
  const store: Store = connectStore(config, user, log);
  const writer: TableWriter = startWriter({
    ...{ config: { ...config, flushMs: 0 }, intake, store, state, deadLetter, counters, log },
  });
  const resolver = startResolver({ intake, store, log }, new OneAtATime());
  const waking = live.batches$.subscribe(() => writer.wake());
  let isCertain = false;
  const certain = writer.whenCertain().then(() => {
    isCertain = true;
  });
  certain.catch(() => undefined);
  const left = (): string | null => {
    const events = journal.appended - journal.checkpoint;
    if (isCertain && events <= 0 && parked.size === 0) return null;
    return `${Math.max(0, events)} events of the folder are not stored, and ${parked.size} wait to be looked up`;
  };
  try {
    await untilDrained({ left, store }).catch((error: unknown) => refuseEmbedded(dataDir, store, error));
    const newest = await newestSeq(store, journal.head);
    const next = {
      ...{ name, epoch: randomUUID(), firstSeq: firstSeqBehind(newest, Date.now()) },
      after: { epoch: journal.epoch, seq: journal.head },
    };
    noteHandedOver(nodeFiles, dataDir, next);
    return next;
  } finally {
    await endsWithin(stopMs, resolver.stop());
    await writer.stop(stopMs);
    waking.unsubscribe();
    await intake.close(true);
    await store.close();
  }
}

/** The database of the settings is none that this folder has ever written. */
function refuseEmbedded(dataDir: string, { status }: Store, error: unknown): never {
  if (status.phase !== 'refused' || !existsSync(join(dataDir, 'clickhouse'))) throw error;
  throw new StartRefused(`The folder ${dataDir} has its events in an embedded ClickHouse, and ${ofEmbedded}`, {
    cause: error,
  });
}

/** Of all that the database has or knows of. */
async function newestSeq(store: Store, head: number): Promise<number> {
  const [found] = await store.rows<{ newest: number }>(
    'SELECT greatest((SELECT max(seq) FROM events), (SELECT max(greatest(head, first_seq)) FROM journals)) AS newest',
    {},
    { settings: decidingRead },
  );
  return Math.max(found?.newest ?? 0, head);
}
