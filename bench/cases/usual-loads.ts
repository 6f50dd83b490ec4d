/**
 * Loads that people bring beside those of the published cases: pages of large events, subscribers with text filters,
 * large payloads in fan-out. Each stands beside the published load in the same run.
 */
import { request } from 'undici';
import { startLoad } from '../load/load-maker.ts';
import type { PostReport } from '../load/post.ts';
import { freshNames, loadOptions, median, round } from '../target.ts';
import { type Line, lineOf } from './line.ts';
import { cpuOf, type OwnServer, untilDrained, withServer } from './own-server.ts';
import { measure, type SpreadLoad } from './spread.ts';

const seconds = 4;
const turns = 3;
const deadlineMs = 60_000;
const smallBytes = 1_100;
const largeBytes = 100_000;

export function usualLoads(root: string): Promise<object> {
  return withServer(root, {}, async (server) => ({ lines: { ...(await fanOut(server)), ...(await pages(server)) } }));
}

/** In turns; µs of CPU of the server, medians. */
async function fanOut(server: OwnServer): Promise<Readonly<Record<string, Line>>> {
  const bursts = { seconds, burst: 20, everyMs: 25 };
  const slow = { seconds, burst: 2, everyMs: 100 };
  const loads = {
    own: { name: 'own', filter: 'own', subscribers: 1_000, drive: bursts },
    text: { name: 'text', filter: 'text', subscribers: 1_000, drive: bursts },
    small: { name: 'small', filter: 'one', subscribers: 50, drive: { seconds, burst: 20, everyMs: 10 } },
    large: { name: 'large', filter: 'one', subscribers: 50, drive: slow, eventBytes: largeBytes },
  } as const satisfies Readonly<Record<string, SpreadLoad>>;
  const found: Record<keyof typeof loads, { event: number; delivery: number }[]> = {
    own: [],
    text: [],
    small: [],
    large: [],
  };
  for (let turn = 0; turn < turns; turn += 1) {
    for (const name of ['own', 'text', 'small', 'large'] as const) {
      const { microsPerEvent, microsPerDelivery, missing } = await measure(server, loads[name]);
      if (missing !== 0) throw new Error(`${missing} deliveries of ${name} are missing`);
      found[name].push({ event: microsPerEvent ?? Number.NaN, delivery: microsPerDelivery });
    }
  }
  const ofEvent = (name: keyof typeof loads): number => median(found[name].map(({ event }) => event));
  const ofByte = (name: keyof typeof loads, bytes: number): number =>
    median(found[name].map(({ delivery }) => (delivery / bytes) * 1e6));
  return {
    'a thousand subscribers with a text filter each': lineOf(
      'µs an event',
      ofEvent('text'),
      'a resource id each',
      ofEvent('own'),
    ),
    'events of 100 kB to fifty subscribers': lineOf(
      'µs a delivered MB',
      ofByte('large', largeBytes),
      'events of 1.1 kB',
      ofByte('small', smallBytes),
    ),
  };
}

/** First pages of fifty events; ms of CPU of the server's process, and of time. */
async function pages(server: OwnServer): Promise<Readonly<Record<string, Line>>> {
  const cost = async (eventBytes: number): Promise<Readonly<Record<'page' | 'megabyte', number>>> => {
    const names = freshNames();
    const shape = { connections: 1, batch: 20, eventsMax: 400, spreadMs: 0, seconds: 60, eventBytes };
    await startLoad<PostReport>('post', { ...loadOptions(server), ...names, ...shape }, deadlineMs).finished;
    await untilDrained(server);
    const body = JSON.stringify({ filter: { event: { prefix: [`${names.prefix}.`] } }, limit: 50 });
    const ask = async (): Promise<number> => {
      const headers = { 'content-type': 'application/json' };
      const answer = await request(`${server.url}/api/events/filter`, { method: 'POST', headers, body });
      return (await answer.body.arrayBuffer()).byteLength;
    };
    const bytes = await ask();
    const { cpu } = await cpuOf(server.pid, async () => {
      for (let nth = 0; nth < 40; nth += 1) await ask();
    });
    const ms = (cpu * 1000) / 40;
    return { page: round(ms), megabyte: ms / (bytes / 1e6) };
  };
  const small = await cost(smallBytes);
  const middle = await cost(10_000);
  const large = await cost(largeBytes);
  const base = 'a page of events of 1.1 kB';
  return {
    'a page of fifty events of 10 kB': lineOf('CPU ms', middle.page, base, small.page),
    'a page of fifty events of 100 kB': lineOf('CPU ms', large.page, base, small.page),
    'the same by the MB': lineOf('CPU ms a MB', large.megabyte, base, small.megabyte),
  };
}
