/**
 * Many who watch counts, each another one: live, on a socket of its own, or by asking again each second. Together they
 * see every event of the load ten times. `bystander` watches nothing: it only takes the processor as often and for as
 * long as those who watch live do.
 */
import type { CountsMessage } from '../../schemas/count-frames.ts';
import { openFrameSocket } from '../../support/frame-socket.ts';
import { filterOf } from './filters.ts';
import { runLoad } from './load-maker.ts';

export interface WatchCountsOptions {
  readonly url: string;
  readonly prefix: string;
  readonly how: 'live' | 'poll' | 'bystander';
  /** Of a core, for the bystander. */
  readonly coreShare: number;
  readonly watchers: number;
  /** Of the load. */
  readonly resources: number;
}

export interface WatchCountsReport {
  /** Frames, or answers. */
  readonly seen: number;
  readonly bytes: number;
  readonly closed: readonly string[];
  /** Of a core, since all had their first answer. */
  readonly coreShare: number;
}

const pollMs = 1_000;
const atOnce = 50;
/** Frames come in slices, with rests between them (src/live-counts/rounds.ts). */
const sliceMs = 16;

runLoad(async (options: WatchCountsOptions, ready): Promise<WatchCountsReport> => {
  const report = { seen: 0, bytes: 0, closed: [] as string[] };
  const ended = new Promise((resolve) => process.once('message', resolve));
  const questions = Array.from({ length: options.watchers }, (_, at) => questionOf(options, at));
  const stop = await begin(options, questions, report);
  ready();
  const before = process.cpuUsage();
  const began = performance.now();
  await ended;
  const { user, system } = process.cpuUsage(before);
  const coreShare = (user + system) / 1000 / (performance.now() - began);
  stop();
  return { ...report, coreShare };
});

async function begin(options: WatchCountsOptions, questions: readonly CountsMessage[], report: Seen) {
  switch (options.how) {
    case 'live':
      return await watchLive(options, questions, report);
    case 'poll':
      return poll(options, questions, report);
    case 'bystander':
      return standBy(options.coreShare);
  }
}

function standBy(coreShare: number): () => void {
  const timer = setInterval(() => {
    const end = performance.now() + coreShare * sliceMs;
    while (performance.now() < end);
  }, sliceMs);
  return () => clearInterval(timer);
}

/** No two are the same; each is of the events of one resource. */
function questionOf({ prefix, resources }: WatchCountsOptions, at: number): CountsMessage {
  const filter = filterOf('own', prefix, at, resources);
  const last = `${300 + Math.floor(at / resources)}s`;
  switch (at % 4) {
    case 0:
      return { type: 'counts', filter, countable: 'event', limit: 20, last };
    case 1:
      return { type: 'counts', filter, countable: 'time', time_unit: 'second', time_interval: 10, last };
    case 2:
      return { type: 'counts', filter, countable: 'label:region', last };
    default:
      return { type: 'counts', filter, countable: 'resource', limit: 20, last };
  }
}

type Seen = { seen: number; bytes: number; readonly closed: string[] };

async function watchLive({ url }: WatchCountsOptions, questions: readonly CountsMessage[], report: Seen) {
  let isOver = false;
  const first = new Set<number>();
  const sockets: { end(): void }[] = [];
  for (let from = 0; from < questions.length; from += atOnce) {
    const some = questions.slice(from, from + atOnce);
    const dialled = await Promise.all(some.map(() => openFrameSocket({ url, path: '/api/events/out' })));
    for (const [at, socket] of dialled.entries()) {
      socket.onText = (frame) => {
        first.add(from + at);
        report.seen += 1;
        report.bytes += frame.length;
      };
      socket.onClose = (why) => {
        if (!isOver) report.closed.push(why);
      };
      socket.sendText(JSON.stringify(some[at]));
    }
    sockets.push(...dialled);
  }
  while (first.size < questions.length && report.closed.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return (): void => {
    isOver = true;
    for (const socket of sockets) socket.end();
  };
}

/** Each asks once a second, all of them spread over it; who waits for an answer does not ask. */
function poll({ url }: WatchCountsOptions, questions: readonly CountsMessage[], report: Seen): () => void {
  const timersOfSecond: NodeJS.Timeout[] = [];
  const timers = questions.map((question, at) => {
    let isWaiting = false;
    const ask = async (): Promise<void> => {
      if (isWaiting) return;
      isWaiting = true;
      const { filter, countable, limit, last, time_unit: unit, time_interval: interval } = question;
      const since = new Date(Date.now() - Number.parseInt(last ?? '', 10) * 1000).toISOString();
      const body = { filter: { ...filter, occurred: { since } }, time_unit: unit, time_interval: interval };
      const answer = await fetch(
        `${url}/api/events/count-by/${countable}${limit === undefined ? '' : `?limit=${limit}`}`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        },
      ).catch((error: unknown) => new Response(String(error), { status: 599 }));
      const text = await answer.text();
      if (answer.status === 200) {
        report.seen += 1;
        report.bytes += text.length;
      } else if (report.closed.length < 20) report.closed.push(`${answer.status} ${text.slice(0, 80)}`);
      isWaiting = false;
    };
    return setTimeout(
      () => timersOfSecond.push(setInterval(() => void ask(), pollMs)),
      (at * pollMs) / questions.length,
    );
  });
  return () => {
    for (const timer of [...timers, ...timersOfSecond]) clearTimeout(timer);
  };
}
