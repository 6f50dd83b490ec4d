/**
 * I13 on the real thing: live counts of a Sluice from dist over its ClickHouse, under load, with joins, readers that
 * lag, kills, a killed engine and inserts that are sent again. ClickHouse is the witness: after the last stop its rows
 * say what each list should have been at the position that its frame named.
 */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CountsList } from '../../client/src/counts-list.ts';
import { connect, type EventFilter } from '../../client/src/node.ts';
import type { Count } from '../../schemas/count.ts';
import type { CountsFrame, CountsMessage } from '../../schemas/count-frames.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { validateLiveCount } from '../../src/query/validate-live-count.ts';
import { edgeOf } from '../../support/bystanders.ts';
import { readStoredEvents } from '../../support/crash/stored.ts';
import { killEngine, startVictim, type Victim } from '../../support/crash/victim.ts';
import { eventLike } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { until } from '../../support/poll.ts';
import { connectSigned, type WireClient } from '../../support/wire-client.ts';
import { type Asked, plainCounts } from '../live-counts/plain-counts.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'sluice-live-counts-'));
let victim: Victim;
/** Of what runs while the server is killed; aborted at the end, also of a run that failed. */
const ending = new AbortController();
setMaxListeners(0, ending.signal);
afterAll(async () => {
  ending.abort();
  if (victim.isAlive) await victim.stop();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const port = await freePort();
const target = { baseUrl: () => `http://127.0.0.1:${port}`, strict: true };
const began = new Date(Date.now() - 60_000).toISOString();

/** The client wants times as text. */
type Question = Omit<CountsMessage, 'type' | 'filter'> & { readonly filter: EventFilter };
const questions: readonly Question[] = [
  { countable: 'event', filter: { occurred: { since: began } } },
  { countable: 'event', filter: { event: { prefix: ['load.1'] } }, last: '12s' },
  { countable: 'resource', filter: { occurred: { since: began } }, limit: 5 },
  { countable: 'resource', filter: {}, last: '20s', limit: 7 },
  { countable: 'time', filter: { occurred: { since: began } }, time_unit: 'second' },
  { countable: 'time', filter: { resource: { labels: { region: ['eu', 'us'] } } }, time_unit: 'second', last: '15s' },
  { countable: 'day', filter: {} },
  { countable: 'label:region', filter: { event: { name: ['load.2', 'load.3'] }, occurred: { since: began } } },
];

/** A list that somebody held. */
interface Held {
  readonly question: Question;
  readonly position: number;
  readonly since: string;
  readonly until: string;
  readonly counts: readonly Count[];
}

const held: Held[] = [];
let sent = 0;

/** Some late, some early, most of them now. */
function nextEvent() {
  sent += 1;
  const now = Date.now();
  const occurred = sent % 11 === 0 ? now - 4_000 : sent % 17 === 0 ? now + 700 : now - (sent % 5);
  return eventLike({
    id: randomUUID(),
    occurred: new Date(occurred).toISOString(),
    event: `load.${sent % 4}`,
    resource: {
      'prefect.resource.id': `thing.${sent % 900}`,
      'prefect.resource.name': `number ${Math.floor(sent / 2_000)}, which makes frames long ${'x'.repeat(4_000)}`,
      ...(sent % 3 > 0 && { region: sent % 3 === 1 ? 'eu' : 'us' }),
    },
  });
}

/** Sends until it is told to stop; what is not answered is sent again with the same ids. */
async function load(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const events = Array.from({ length: 12 }, nextEvent);
    await until(
      'a batch is taken',
      async () => ((await post(target, '/api/events', events).catch(() => null))?.status === 204 ? true : undefined),
      60_000,
    );
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function watch(question: Question, signal: AbortSignal): Promise<void> {
  const { countable, filter, limit, time_unit: timeUnit, last } = question;
  const sluice = connect({ url: target.baseUrl(), retry: { firstMs: 50, longestMs: 500 } });
  const options = { limit, timeUnit, last, signal };
  try {
    for await (const state of sluice.watchCount(countable as 'event', filter, options))
      held.push({ question, ...state });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function serve(env: Readonly<Record<string, string>> = {}): Promise<Victim> {
  const victim = startVictim({ dataDir, port, env: { SLUICE_FLUSH_MS: '100', ...env } });
  expect(await victim.listening).toBe(true);
  return victim;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A raw reader that reads nothing until something waits for it; gives its frames. */
async function lag(question: Question): Promise<CountsFrame[]> {
  const socket: WireClient = await connectSigned(target, '/api/events/out');
  socket.send(JSON.stringify({ type: 'counts', ...question }));
  await socket.next();
  socket.pause();
  await until('it lags', async () => ((await edgeOf(target)).laggingSubscribers > 0 ? true : undefined), 180_000);
  socket.resume();
  const isWhole = (message: string): boolean => message.slice(0, 200).includes('"whole":true');
  await until('a whole list comes', () => (socket.messages.filter(isWhole).length > 1 ? true : undefined), 180_000);
  const paused = socket.messages.length;
  // Frames of megabytes come the less often for it.
  await until('changes come again', () => (socket.messages.length > paused + 3 ? true : undefined), 180_000);
  await socket.close();
  const list = new CountsList(false);
  return socket.frames().flatMap((frame) => {
    if (frame.type !== 'counts') return [];
    list.apply(frame);
    held.push({ question, position: frame.position, since: frame.since, until: frame.until, counts: list.counts() });
    return [frame];
  });
}

/**
 * Every batch has events of every question: a list that has reached the position of a whole first one has them all. The
 * last batch may leave the largest groups as they were: a list of those says nothing.
 */
function areShown(): boolean {
  const totalOf = ({ counts }: Held): number => counts.reduce((total, { count }) => total + count, 0);
  const whole = held.find((list) => list.question === questions[0] && totalOf(list) === sent);
  if (whole === undefined) return false;
  const told = questions.filter(({ limit }) => limit === undefined);
  const newest = told.map((question) => held.findLast((list) => list.question === question));
  return newest.every((list) => list !== undefined && list.position >= whole.position);
}

function askedOf({ countable, filter, limit, last, time_unit: unit }: Question): Asked {
  const sentCount = { countable, filter, unit, interval: undefined, limit, last };
  const checked = validateLiveCount(sentCount, new Date());
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return { request: checked.value, filters: [checked.value.filter] };
}

function check(list: Held, events: readonly StoredEvent[]): void {
  const upTo = events.filter(({ seq }) => seq <= list.position);
  expect([list.question, list.position, list.counts]).toEqual([
    list.question,
    list.position,
    plainCounts(askedOf(list.question), upTo, list, Date.now()),
  ]);
}

describe('live counts over a real ClickHouse', () => {
  it('are at every frame what the table says, over kills, lags and inserts that are sent again', async () => {
    let isOver = false;
    // The process dies just when ClickHouse has taken an insert: the next start sends it again.
    victim = await serve({ SLUICE_FAIL_POINT: 'insert-taken:12' });
    const loading = load(() => isOver || ending.signal.aborted);
    loading.catch(() => undefined);
    const watching = questions.map((question) => watch(question, ending.signal));
    await victim.ended;
    victim = await serve();
    // Others join the counters that are there.
    watching.push(...questions.slice(0, 4).map((question) => watch(question, ending.signal)));
    const all: Question = { countable: 'resource', filter: { occurred: { since: began } } };
    const overTooSoon = loading.then(() => Promise.reject(new Error('Nothing is sent any more')));
    const frames = await Promise.race([lag(all), overTooSoon]);
    expect(frames.filter(({ whole }) => whole === true).length).toBeGreaterThan(1);
    expect(killEngine(dataDir)).toBe(true);
    watching.push(watch({ countable: 'event', filter: { occurred: { since: began } }, limit: 2 }, ending.signal));
    await pause(3_000);
    victim.kill();
    await victim.ended;
    victim = await serve();
    await pause(3_000);
    isOver = true;
    await loading;
    await until('the table has all', async () => ((await edgeOf(target)).pending === 0 ? true : undefined), 120_000);
    await until('every list shows what was sent last', () => (areShown() ? true : undefined), 120_000);
    await pause(1_500);
    ending.abort();
    await Promise.all(watching);
    await victim.stop();

    const events = await readStoredEvents(dataDir);
    expect(new Set(events.map(({ body }) => body.id)).size).toBe(sent);
    expect(held.length).toBeGreaterThan(100);
    // Each question: its first lists, its last ones, and some between.
    for (const question of questions) {
      const lists = held.filter((each) => each.question === question);
      expect(lists.length).toBeGreaterThan(5);
      for (const [at, list] of lists.entries())
        if (at < 3 || at % 5 === 0 || at > lists.length - 4) check(list, events);
      // What was sent last was shown.
      const last = lists.at(-1)!;
      check({ ...last, position: events.at(-1)!.seq }, events);
    }
    for (const list of held.filter(({ question }) => question === all)) check(list, events);
  }, 600_000);
});
