/**
 * A field: a real server, a neighbour beside it, and a watch. Kinds of hostile peers are let loose on it, one after the
 * other; at the end it says what was broken, in sentences.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Choices } from '../fuzz/wire-words.ts';
import { type Figures, judge, type Start } from './judge.ts';
import type { Field, HostileKind } from './kind.ts';
import { startNeighbour } from './neighbour.ts';
import { startHostileServer } from './server.ts';
import { Tally } from './tally.ts';
import { startWatch } from './watch.ts';

export interface FieldOptions {
  readonly kinds: readonly HostileKind[];
  /** How long each kind goes on, in milliseconds. */
  readonly eachMs: number;
  readonly seed: number;
  /** A short run need not come to every refusal, nor wait until the garbage is collected. */
  readonly isLong: boolean;
  readonly say: (line: string) => void;
}

export interface FieldResult {
  /** Each is a sentence. Empty is good. */
  readonly faults: readonly string[];
  readonly figures: Figures;
}

const faultsMax = 20;
const talkMs = 30_000;

/** Kinds that share a field have the settings of the first. */
export async function runField({ kinds, eachMs, seed, isLong, say }: FieldOptions): Promise<FieldResult> {
  const [first] = kinds;
  if (first === undefined) throw new Error('A field needs a kind');
  const faults: string[] = [];
  const fault = (sentence: string): void => {
    if (faults.length < faultsMax && !faults.includes(sentence)) faults.push(sentence);
  };
  const { env, openFilesMax } = first;
  const server = await startHostileServer({ ...(env && { env }), ...(openFilesMax && { openFilesMax }) });
  const watch = startWatch(server);
  const tally = new Tally(fault);
  const books = { sent: 0, acknowledged: 0 };
  // What the machine stood still is no time of the peers.
  const nowMs = (): number => performance.now() - watch.pausedMs();
  let endsAt = Number.POSITIVE_INFINITY;
  const field: Field = {
    ...{ server, tally, fault, nowMs, by: new Choices(seed) },
    target: { baseUrl: () => server.url, strict: true },
    isOver: () => nowMs() >= endsAt || !server.isAlive(),
    async pause(ms) {
      await wait(Math.max(0, Math.min(ms, endsAt - nowMs())));
    },
    sent(events, acknowledged) {
      books.sent += events;
      books.acknowledged += acknowledged;
    },
  };
  try {
    for (const kind of kinds) await kind.prepare?.(field);
    const neighbour = await startNeighbour({ url: server.url, pid: server.pid });
    const start: Start = {
      metrics: await server.metrics(),
      at: performance.now(),
      ...sizesOf(watch),
      log: server.logBytes(),
    };
    const talking = setInterval(() => say(lineOf(watch, server.logBytes())), talkMs);
    for (const kind of kinds) {
      endsAt = nowMs() + eachMs;
      await kind.attack(field).catch((error: Error) => fault(`${kind.name} itself broke: ${error.stack}`));
    }
    clearInterval(talking);
    say(`over; ${lineOf(watch, server.logBytes())}`);
    const figures = await judge({ kinds, field, watch, neighbour, start, books, isLong, say });
    return { faults, figures };
  } finally {
    watch.stop();
    const ended = await server.stop();
    if (ended !== 0) say(`The server ended with ${ended}`);
  }
}

function sizesOf(watch: ReturnType<typeof startWatch>): {
  readonly residentBytes: number;
  readonly descriptors: number;
} {
  return { residentBytes: watch.residentBytes(), descriptors: watch.descriptors() };
}

function lineOf(watch: ReturnType<typeof startWatch>, logBytes: number): string {
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  return (
    `${megabytes(watch.residentBytes())} MB (most ${megabytes(watch.residentMaxBytes())}), ` +
    `${watch.descriptors()} descriptors, ${Math.round(logBytes / 1e3)} kB of log`
  );
}
