/**
 * The stream that keeps the shared log: made by whoever comes first, and checked by all others. It refuses what is more
 * than it may hold, lets nothing go by itself, and says which epoch its events have and by which rules they are
 * applied.
 */
import type { StreamConfig, StreamInfo } from '@nats-io/jetstream';
import type { ServerInfo } from '@nats-io/transport-node';
import { StartRefused } from '../base/errors.ts';
import { numbersOf, oldestOf, productRules } from '../shared-log/apply-rules.ts';
import type { Nats } from './connect-nats.ts';

export interface StreamWish {
  /** Of the stream; its subjects begin with the same in lower case. */
  readonly name: string;
  /** Null: three where NATS is a cluster, else one, and any number of a stream that is there. */
  readonly replicas: number | null;
  readonly bytesMax: number;
  /** Of the id window. */
  readonly idsMax: number;
  /** False where this folder follows a stream already: one that is gone is lost then, and none takes its place. */
  readonly mayMake?: boolean;
  /** What a stream that is made now begins with. */
  readonly epoch: string;
  readonly firstSeq: number;
  readonly after?: EndedEpoch;
  /** Those that all its gateways know: the oldest that this version knows, where none are given. */
  readonly rules?: number;
}

/** Of a stream that was lost, or went back: the next one is made in its place. */
export interface EndedEpoch {
  readonly epoch: string;
  /** All up to it is in ClickHouse, and nobody had more. */
  readonly seq: number;
}

export interface OpenedStream {
  readonly name: string;
  readonly epoch: string;
  readonly firstSeq: number;
  /** Null for the first epoch of a shared log. */
  readonly after: EndedEpoch | null;
  /** By which it begins, whatever changed them since; 1 where it is absent. */
  readonly firstRules?: number;
}

/** Of one gateway. */
export function subjectOf(name: string, gateway: string): string {
  return `${subjectsOf(name)}.${gateway}`;
}

/** Of messages that change the rules: no gateway has such a name. */
export function subjectOfControl(name: string): string {
  return `${subjectsOf(name)}.=`;
}

/** Of all gateways, without what names one. */
export function subjectsOf(name: string): string {
  return `${name.toLowerCase()}.b`;
}

const alreadyThere = 10058;
const notFound = 10059;

/** A block with the largest event that intake takes, its text and its search text. */
const payloadBytesMin = 8 * 1024 * 1024;

/** Rejects with StartRefused for a stream that is not as it must be, and as the client does where NATS is away. */
export async function openStream(nats: Nats, wish: StreamWish): Promise<OpenedStream> {
  const { max_payload: payload } = serverInfo(nats);
  if (payload < payloadBytesMin) {
    throw new StartRefused(`NATS takes messages of ${payload} bytes. Set max_payload to 8MB in its configuration.`);
  }
  const there = await infoOf(nats, wish.name);
  if (there === null && wish.mayMake === false) {
    throw new StartRefused(
      `The stream ${wish.name} is not there any more, and this gateway follows it. Nothing is made in its place: ` +
        '`sluice cluster recover` goes on with a new one (docs/SCALE.md).',
    );
  }
  const found = there ?? (await make(nats, wish)) ?? (await infoOf(nats, wish.name));
  if (found === null) throw new Error(`the stream ${wish.name} is neither there nor can it be made`);
  const fault = faultOf(found.config, wish);
  if (fault !== null) throw new StartRefused(`The stream ${wish.name} ${fault}.`);
  const { metadata = {} } = found.config;
  const { 'sluice.epoch': epoch = '', 'sluice.first_seq': firstSeq, 'sluice.first_rules': rules = '1' } = metadata;
  const after = afterOf(found.config);
  return { name: wish.name, epoch, firstSeq: Number(firstSeq), after, firstRules: Number(rules) };
}

/** Says by which rules the stream is applied from now on, for who joins. Rejects as the client does. */
export async function noteRules(nats: Nats, name: string, rules: number): Promise<void> {
  const found = await infoOf(nats, name);
  if (found === null) throw new Error(`the stream ${name} is not there any more`);
  const metadata = { ...found.config.metadata, 'sluice.rules': String(rules) };
  await nats.manager.streams.update(name, { ...found.config, metadata });
}

/** Undefined for a stream that Sluice has not made. */
export function epochOf({ metadata }: StreamConfig): string | undefined {
  return metadata?.['sluice.epoch'];
}

function afterOf({ metadata = {} }: StreamConfig): EndedEpoch | null {
  const { 'sluice.after': epoch, 'sluice.after_seq': seq } = metadata;
  return epoch === undefined ? null : { epoch, seq: Number(seq) };
}

/** Removes a stream and all that it holds, if it is there. Rejects as the client does. */
export async function removeStream(nats: Nats, name: string): Promise<void> {
  if ((await infoOf(nats, name)) !== null) await nats.manager.streams.delete(name);
}

/** Null if there is none. */
export async function infoOf({ manager }: Nats, name: string): Promise<StreamInfo | null> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (codeOfApi(error) === notFound) return null;
    throw error;
  }
}

/** Null if somebody else was quicker. */
async function make(nats: Nats, wish: StreamWish): Promise<StreamInfo | null> {
  const num_replicas = wish.replicas ?? replicasBy(nats);
  try {
    return await nats.manager.streams.add({
      name: wish.name,
      ...fixed(wish),
      num_replicas,
      metadata: metadataOf(wish),
    });
  } catch (error) {
    if (codeOfApi(error) === alreadyThere) return null;
    throw error;
  }
}

/** What nobody has chosen: by what the server says of itself, never by who is up. Throws while none is connected. */
export function replicasBy(nats: Nats): number {
  return serverInfo(nats).cluster === undefined ? 1 : 3;
}

/** Throws between two connections, when no server has said anything yet. */
function serverInfo({ connection: { info } }: Nats): ServerInfo {
  if (info === undefined) throw new Error('NATS is not connected just now');
  return info;
}

function fixed({ name, replicas, bytesMax }: StreamWish): Partial<StreamConfig> {
  return {
    subjects: [`${subjectsOf(name)}.*`],
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    ...(replicas !== null && { num_replicas: replicas }),
    max_bytes: bytesMax,
    max_age: 0,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    deny_delete: true,
    deny_purge: false,
    allow_direct: true,
  };
}

function metadataOf({ epoch, firstSeq, idsMax, after, rules = oldestOf(productRules) }: StreamWish) {
  return {
    ...(after !== undefined && { 'sluice.after': after.epoch, 'sluice.after_seq': String(after.seq) }),
    'sluice.epoch': epoch,
    'sluice.first_seq': String(firstSeq),
    'sluice.rules': String(rules),
    'sluice.first_rules': String(rules),
    'sluice.ids': String(idsMax),
  };
}

/** What is wrong with a stream that is there; null if nothing is. Its size may be another. */
function faultOf(config: StreamConfig, wish: StreamWish): string | null {
  const { max_bytes: _size, ...wanted } = fixed(wish);
  const difference = differenceOf(config, wanted);
  if (difference !== null) return difference;
  const { 'sluice.epoch': epoch, 'sluice.rules': rules, 'sluice.ids': ids } = config.metadata ?? {};
  if (epoch === undefined) return 'was not made by Sluice';
  if (!productRules.has(Number(rules))) {
    return `is applied by rules ${rules}, and this Sluice knows ${numbersOf(productRules)}`;
  }
  return ids === String(wish.idsMax) ? null : `is for an id window of ${ids} ids, and this gateway has ${wish.idsMax}`;
}

/** What a stream has otherwise than it must; null for nothing. */
export function differenceOf(config: StreamConfig, wanted: Partial<StreamConfig>): string | null {
  for (const [key, value] of Object.entries(wanted)) {
    const there = JSON.stringify(config[key as keyof StreamConfig]); // the keys of `wanted` are some of these
    if (there !== JSON.stringify(value)) return `has ${key} ${there}, and Sluice needs ${JSON.stringify(value)}`;
  }
  return null;
}

/** Bytes that it still takes. */
export function roomOf({ config, state }: Pick<StreamInfo, 'config' | 'state'>): number {
  return config.max_bytes - state.bytes;
}

/** The number that JetStream gives an error; 0 for any other error. */
export function codeOfApi(error: unknown): number {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : 0;
  return typeof code === 'number' ? code : 0;
}
