/**
 * What an event costs that changes N live questions, in this process: decoded from its row, matched and counted. Beside
 * it what the frames of all of them take of a second.
 */
import { createLog } from '../../src/base/log.ts';
import { LoggedEvent } from '../../src/event-log/logged-event.ts';
import { formatRow } from '../../src/event-log/row.ts';
import { createHeldFilters } from '../../src/feed/held-filters.ts';
import { formatTimeForClickHouse, timeOfDate } from '../../src/filter/time.ts';
import { CountBudget } from '../../src/live-counts/budget.ts';
import { createLiveCounts, type LiveCounts } from '../../src/live-counts/live-counts.ts';
import { validateLiveCount } from '../../src/query/validate-live-count.ts';
import { EventTemplate } from '../load/event-template.ts';
import { median, pause, round } from '../target.ts';
import { cpuSince } from './stage-parts.ts';

const questionCounts = [1, 10, 100, 1_000];
const events = 100_000;
const batchEvents = 20;
const rounds = 5;

export async function liveCountStage(): Promise<object> {
  const results: Record<string, object> = {};
  for (const questions of questionCounts) results[`${questions} questions`] = await measure(questions);
  return results;
}

async function measure(questions: number): Promise<object> {
  const mark = { mark: 0 };
  const counters = { countFrames: 0, countsRefused: 0 };
  const counts = createLiveCounts({
    journal: { epoch: 'e', checkpoint: 0, oldest: 1, read: () => ({ events: [], last: 0 }) },
    live: mark,
    gate: { whenReady: async () => undefined },
    readStored: async () => [],
    sliceBytesMax: 1,
    filters: createHeldFilters(100_000_000),
    budget: new CountBudget(1_000_000_000),
    options: { questionsMax: questions, groupsMax: 10_000 },
    counters,
    log: createLog('silent'),
    now: () => Date.now(),
    elapsedMs: () => performance.now(),
    workedMs: () => cpuSince({ user: 0, system: 0 }) / 1000,
  });
  let bytes = 0;
  const socket = {
    send(text: string | Uint8Array) {
      bytes += text.length;
    },
    bufferedBytes: () => 0,
  };
  const feeds = Array.from({ length: questions }, (_, at) => ask(counts, at, socket));
  while (counts.liveCount === 0 || counters.countFrames < questions) await pause(10);
  const rows = makeRows();
  const each: number[] = [];
  for (let nth = 0; nth < rounds; nth += 1) {
    each.push(cpuOfFlush(counts, rows, Math.max(batchEvents, Math.round(events / questions))));
    await pause(150);
  }
  const framesBefore = counters.countFrames;
  const start = process.cpuUsage();
  for (let tick = 0; tick < 20; tick += 1) {
    counts.flush(rows.slice(0, batchEvents).map(eventOf));
    await pause(100);
  }
  const framesMicros = cpuSince(start) / Math.max(1, counters.countFrames - framesBefore);
  for (const feed of feeds) feed.stop();
  counts.close();
  return {
    microsPerEvent: round(median(each), 3),
    allowed: 1 + 0.5 * questions,
    microsPerFrame: round(framesMicros),
    framesPerSecond: round((counters.countFrames - framesBefore) / 2),
    bytes,
  };
}

/** All fit every event, and none is the same as another. */
function ask(counts: LiveCounts, at: number, socket: Parameters<LiveCounts['watch']>[1]) {
  const countable = ['event', 'resource', 'time', 'label:region'][at % 4];
  const sent = { countable, filter: {}, unit: 'second', interval: 10, limit: 20, last: `${300 + at}s` };
  const checked = validateLiveCount(sent, new Date());
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  const request = { question: checked.value, scope: { seal: '', forced: [] }, form: 'socket' } as const;
  return counts.watch(request, socket, {
    caughtUp: () => undefined,
    lagging: () => undefined,
    failed: (failure) => {
      throw failure;
    },
  });
}

function makeRows(): Buffer[] {
  const template = new EventTemplate({ prefix: 'bench', idPrefix: '00000000-0000-4000-8000-', eventBytes: 1_100 });
  const time = formatTimeForClickHouse(timeOfDate(new Date()));
  return Array.from({ length: 2_000 }, (_, at) => {
    const bytes = Buffer.alloc(template.bytes.length);
    template.write(bytes, 0, at, Date.now() * 1000, 0);
    const raw = bytes.toString();
    const id = raw.slice(-38, -2);
    const head = raw.indexOf(',"payload"');
    return Buffer.from(formatRow({ seq: at + 1, id, received: time, occurred: time, head, search: '', raw }));
  });
}

/** As live delivery has it: nothing of it is decoded yet. */
function eventOf(row: Buffer): LoggedEvent {
  return new LoggedEvent(row, 0, row.length - 1);
}

function cpuOfFlush(counts: LiveCounts, rows: readonly Buffer[], count: number): number {
  const start = process.cpuUsage();
  for (let at = 0; at < count; at += batchEvents) {
    const from = at % (rows.length - batchEvents);
    counts.flush(rows.slice(from, from + batchEvents).map(eventOf));
  }
  return cpuSince(start) / count;
}
