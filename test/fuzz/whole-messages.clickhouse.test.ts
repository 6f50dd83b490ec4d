/**
 * Hostile messages against the real server: what each costs its main thread, sockets and answer included, and what it
 * is answered.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { send } from '../../support/http.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import type { Target } from '../../support/target.ts';
import { connectSigned, subscribe } from '../../support/wire-client.ts';
import { eventWith } from './event-cases.ts';
import { asOfNow, bounds } from './measure.ts';

let sluice: TestSluice;
let target: Target;

beforeAll(async () => {
  sluice = await startSluice();
  target = { baseUrl: () => sluice.url } as Target; // all that a plain HTTP client wants of it
});

afterAll(async () => {
  await sluice.stop();
  removeData(sluice);
});

/** Milliseconds that the main thread has run. */
function mainThreadMs(): number {
  return Number(readFileSync(`/proc/${sluice.pid}/task/${sluice.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

const megabyte = 1024 * 1024 - 1024;
const filled = (piece: string, size = megabyte): string => piece.repeat(Math.floor(size / piece.length));
const label = (json: string): string => eventWith('resource', `{"prefect.resource.id":"x","l":${json}}`);

test.each([
  ['digits that are no time', '/api/events', 422, `[${eventWith('occurred', `"${filled('9')}x"`)}]`],
  [
    'lists of 990 levels',
    '/api/events',
    204,
    `[${eventWith('payload', `{"a":[${filled(`${'['.repeat(990)}${']'.repeat(990)},`).slice(0, -1)}]}`)}]`,
  ],
  ['a label of a megabyte', '/api/events', 204, `[${label(`"${filled('a')}"`)}]`],
  ['340,000 bad entries', '/api/events/filter', 422, `{"filter":{"related":[${filled('1,').slice(0, -1)}]}}`],
  [
    '90,000 globs',
    '/api/events/filter',
    422,
    `{"filter":{"resource":{"labels":{"l":[${filled('"*aaaaaaa",').slice(0, -1)}]}}}}`,
  ],
  ['digits that are no number', '/api/events/filter', 422, `{"limit":"${filled('9')}x"}`],
  ['bad ids', '/api/events/filter', 422, `{"filter":{"id":{"id":[${filled('"",').slice(0, -1)}]}}}`],
  ['lists in lists', '/api/events/filter', 422, `{"filter":${filled('[', megabyte / 2)}${filled(']', megabyte / 2)}}`],
])('a message of %s to %s costs no more than its bound and is answered %s', async (_name, path, status, body) => {
  // Code that was never run is slow.
  await send(target, { method: 'POST', path, body });
  const costs: number[] = [];
  for (let nth = 0; nth < 3; nth += 1) {
    const before = mainThreadMs();
    expect((await send(target, { method: 'POST', path, body })).status).toBe(status);
    costs.push(mainThreadMs() - before);
  }
  // The body's arrival and the answer's writing are no part of one turn.
  expect(costs.sort((one, other) => one - other)[1]).toBeLessThan(2 * asOfNow(bounds.messageMs));
});

test('a long glob meets a long label value, and others are answered meanwhile', async () => {
  const subscriber = await subscribe(
    target,
    { resource: { labels: { l: `*${'a'.repeat(60_000)}b` } } },
    { backfill: false },
  );
  const producer = await connectSigned(target, '/api/events/in');
  const before = mainThreadMs();
  producer.send(label(`"${filled('a', 120_000)}"`));
  await producer.ping();
  expect((await send(target, { path: '/api/health' })).status).toBe(200);
  expect(mainThreadMs() - before).toBeLessThan(10 * asOfNow(bounds.messageMs));
  await producer.close();
  await subscriber.close();
});

test('20,000 bad events are refused in slices', async () => {
  const body = `[${Array.from({ length: 20_000 }, () => '{"occurred":"2026","event":"","id":"x","resource":{}}').join(',')}]`;
  const answers = Promise.all([1, 2, 3].map(() => send(target, { method: 'POST', path: '/api/events', body })));
  let isOver = false;
  const over = answers.then((all) => {
    isOver = true;
    return all.map(({ status }) => status);
  });
  let healthy = 0;
  while (!isOver) if ((await send(target, { path: '/api/health' })).status === 200) healthy += 1;
  expect(await over).toEqual([422, 422, 422]);
  expect(healthy).toBeGreaterThan(3);
});
