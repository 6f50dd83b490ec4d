/**
 * How all gateways stand, as the shared log and its keys say: nobody is asked, so that it can be told while some of
 * them are away.
 */
import { StartRefused } from '../base/errors.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { type DeadLetterSize, deadLetterStream } from '../nats/dead-letter-stream.ts';
import { type ListedKey, listKeys } from '../nats/list-keys.ts';
import { infoOf } from '../nats/open-stream.ts';
import { parseHolder } from '../table-writer/writer-lease.ts';
import { parseForwarder } from './forwarder-lease.ts';
import { type GatewayWord, leftText, readWord, silentMs } from './gateway-claim.ts';
import { forwards } from './same-settings.ts';
import { forwarderKey, gatewayKeys, settingsKey, stateBucket } from './state-keys.ts';

export interface ClusterStatus {
  readonly log: SharedLogStatus;
  readonly writer: WriterStatus | null;
  /** Null where nothing is forwarded to Prefect. */
  readonly forwarder: ForwarderLine | null;
  /** Of all gateways; null where none has made it yet. */
  readonly deadLetter: DeadLetterSize | null;
  readonly gateways: readonly GatewayLine[];
  /** Gateways of which nothing can be read here: they are of another version. */
  readonly unread: readonly string[];
}

export interface SharedLogStatus {
  readonly name: string;
  readonly epoch: string;
  /** Of the epoch's first event. */
  readonly firstSeq: number;
  /** By which blocks are applied. */
  readonly rules: number;
  readonly idsMax: number;
  /** The oldest message that is kept, and the newest there is: `first` is `last` + 1 where none is kept. */
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly bytesMax: number;
  readonly replicas: number;
  /** The server that leads; null where NATS is no cluster. */
  readonly leader: string | null;
  /** Servers that have not all of it, or are away. */
  readonly behind: readonly string[];
}

export interface WriterStatus {
  /** Empty where nobody writes. */
  readonly holder: string;
  readonly term: number;
  /** All events up to it are in ClickHouse, or in the dead letter; null before the first was written. */
  readonly checkpoint: number | null;
  /** Since the key was last written. */
  readonly silentMs: number;
}

export interface ForwarderLine {
  /** Empty where nobody forwards. */
  readonly holder: string;
  readonly term: number;
  /** Prefect needs nothing any more up to it; null before that was written. */
  readonly confirmed: number | null;
  /** Since the key was last written. */
  readonly silentMs: number;
}

/** `ended`: it was stopped. `silent`: nothing is heard of it, and nobody stopped it. */
export type GatewayState = 'living' | 'ended' | 'silent';

export interface GatewayLine extends Omit<GatewayWord, 'version' | 'sums' | 'hasEnded'> {
  readonly id: string;
  readonly state: GatewayState;
  /** When it said something last. */
  readonly seen: string;
  readonly silentMs: number;
  /** Messages that it has not applied. */
  readonly lag: number;
  readonly sums: GatewayWord['sums'];
}

/** Rejects with StartRefused where there is no shared log, and as the client does. */
export async function clusterStatus(nats: Nats, name: string): Promise<ClusterStatus> {
  const info = await infoOf(nats, name);
  if (info === null) throw new StartRefused(noLog(name));
  const keys = await listKeys(nats, stateBucket(name), '').catch(() => new Map<string, ListedKey>());
  // What was written while the stream was asked is not of the future.
  const nowMs = Math.max(Date.parse(info.ts ?? '') || 0, ...[...keys.values()].map(({ atMs }) => atMs));
  const log = logOf(name, info);
  const written = keys.get('writer');
  const writer = written === undefined ? null : writerOf(written, nowMs);
  const forwarder = forwarderOf(keys.get(forwarderKey), keys.get(settingsKey), nowMs);
  const gateways: GatewayLine[] = [];
  const unread: string[] = [];
  for (const [key, { text, atMs }] of [...keys].sort()) {
    if (!key.startsWith(gatewayKeys) || text === leftText) continue;
    const id = key.slice(gatewayKeys.length);
    const word = readWord(text);
    if (word === null) unread.push(id);
    else gateways.push(lineOf(id, word, atMs, nowMs, log.last));
  }
  return { log, writer, forwarder, deadLetter: await deadLetterStream(nats, name).size(), gateways, unread };
}

export function noLog(name: string): string {
  return `There is no shared log ${name} there: no gateway has made it yet, or SLUICE_LOG_NAME is another one.`;
}

type FoundStream = NonNullable<Awaited<ReturnType<typeof infoOf>>>;

function logOf(name: string, { config, state, cluster }: FoundStream): SharedLogStatus {
  const { metadata = {} } = config;
  return {
    name,
    epoch: metadata['sluice.epoch'] ?? '',
    firstSeq: Number(metadata['sluice.first_seq'] ?? 0),
    rules: Number(metadata['sluice.rules'] ?? 0),
    idsMax: Number(metadata['sluice.ids'] ?? 0),
    first: state.messages === 0 ? state.last_seq + 1 : state.first_seq,
    last: state.last_seq,
    bytes: state.bytes,
    bytesMax: config.max_bytes,
    replicas: config.num_replicas,
    leader: cluster?.leader ?? null,
    behind: (cluster?.replicas ?? []).flatMap((peer) => (peer.current && peer.offline !== true ? [] : [peer.name])),
  };
}

function writerOf({ text, atMs }: ListedKey, nowMs: number): WriterStatus {
  const { holder, term, state } = parseHolder(text);
  return { holder, term, checkpoint: state?.checkpoint ?? null, silentMs: nowMs - atMs };
}

/** A key stays when forwarding was turned off. */
function forwarderOf(
  written: ListedKey | undefined,
  settings: ListedKey | undefined,
  nowMs: number,
): ForwarderLine | null {
  if (written === undefined || !forwards(settings?.text ?? '{}')) return null;
  const { holder, term, state } = parseForwarder(written.text);
  return { holder, term, confirmed: state?.confirmed ?? null, silentMs: nowMs - written.atMs };
}

function lineOf(id: string, word: GatewayWord, atMs: number, nowMs: number, last: number): GatewayLine {
  const { version: _, hasEnded, ...said } = word;
  const silent = nowMs - atMs;
  const state = hasEnded ? 'ended' : silent > silentMs ? 'silent' : 'living';
  const lag = Math.max(0, last - word.applied);
  return { id, state, seen: new Date(atMs).toISOString(), silentMs: silent, lag, ...said };
}
