/**
 * Sluice behind nginx and HAProxy as docs/deploy has them: every way in and out, plain, with TLS and under a path, and
 * HTTP/2 to clients.
 */

import { randomUUID } from 'node:crypto';
import { request as plainRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as secureRequest } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EventFrame, parseFrame } from '../../schemas/wire.ts';
import { eventLike, type Page, pageOf, publish, untilFound } from '../../support/events.ts';
import { post, send } from '../../support/http.ts';
import { within } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { type Target, uniqueWord } from '../../support/target.ts';
import { connectSigned, subscribe } from '../../support/wire-client.ts';
import { type ProxyKind, whyNoProxy } from './run-proxy.ts';
import { type ProxyOptions, type RunningProxy, startProxy } from './start-proxy.ts';

const kinds: readonly ProxyKind[] = ['nginx', 'haproxy'];
const forms: readonly [name: string, form: Omit<ProxyOptions, 'sluicePort'>][] = [
  ['in plain HTTP', {}],
  ['with TLS', { isTls: true }],
  ['with TLS and a path', { isTls: true, hasPrefix: true }],
];
const missing = kinds.map(whyNoProxy);
let sluice: TestSluice | undefined;

beforeAll(async () => {
  if (missing.some((reason) => reason === null)) sluice = await startSluice({ env: { SLUICE_FLUSH_MS: '50' } });
});
afterAll(async () => {
  await sluice?.stop();
  if (sluice !== undefined) removeData(sluice);
});

for (const [at, kind] of kinds.entries()) {
  const reason = missing[at];
  if (typeof reason === 'string') it.skip(reason, () => undefined);
  else for (const [name, form] of forms) describe(`${kind}, ${name}`, () => behind(kind, form));
}

function behind(kind: ProxyKind, form: Omit<ProxyOptions, 'sluicePort'>): void {
  let proxy: RunningProxy;
  let target: Target;
  beforeAll(async () => {
    proxy = await startProxy(kind, { ...form, sluicePort: Number(new URL(sluice?.url ?? '').port) });
    target = { baseUrl: () => proxy.url, strict: true, ...(proxy.certificate && { ca: proxy.certificate.pem }) };
  });
  afterAll(() => proxy?.stop());

  it('takes events, and gives all pages by the links as they are', () => readAllPages(target));
  it('sends a path with a slash on to where it is', () => followRedirect(target));
  it('answers without a body as Sluice does', () => answerWithoutBody(target));
  it('carries /in and /out: a pong acknowledges, and each event comes once', () => carrySockets(target));
  // What a proxy does with the rest does not hang on its way in.
  if (!form.hasPrefix) return;
  it('keeps links short, whatever the filter', () => readByLargeFilter(target));
  it('passes an event stream on event by event', () => passStream(target));
  it('passes an export of some megabytes whole', () => passExport(target));
  it('takes the largest body, and refuses a larger one', () => takeLargeBody(target));
  it('speaks HTTP/2 to clients', () => speakHttp2(proxy));
}

async function readAllPages(target: Target): Promise<void> {
  const word = uniqueWord();
  const events = Array.from({ length: 7 }, (_, at) => eventLike({ event: `${word}.${at}` }));
  await publish(target, events);
  const filter = { event: { prefix: [`${word}.`] } };
  const pages: Page[] = [await untilFound(target, filter, events.length, 2)];
  for (let next = pages[0]?.next_page; next; next = pages.at(-1)?.next_page) {
    expect(next.startsWith(`${target.baseUrl()}/api/events/filter/next?page-token=`), next).toBe(true);
    pages.push(pageOf(await send({ ...target, baseUrl: () => '' }, { path: next })));
  }
  const ids = pages.flatMap((page) => page.events.map(({ id }) => id));
  expect(ids.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  expect(pages).toHaveLength(4);
}

async function readByLargeFilter(target: Target): Promise<void> {
  const ids = Array.from({ length: 3 }, () => uniqueWord());
  await publish(
    target,
    ids.map((id) => eventLike({ resource: { 'prefect.resource.id': id } })),
  );
  const none = Array.from({ length: 2_000 }, () => randomUUID());
  const first = await untilFound(target, { resource: { id: [...ids, ...none] } }, ids.length, 2);
  expect(first.next_page?.length).toBeLessThan(2_048);
  const second = pageOf(await send({ ...target, baseUrl: () => '' }, { path: first.next_page ?? '' }));
  const found = [...first.events, ...second.events].map(({ resource }) => resource['prefect.resource.id']);
  expect(found.toSorted()).toEqual(ids.toSorted());
}

async function followRedirect(target: Target): Promise<void> {
  const redirect = await post(target, '/api/events/filter/', { limit: 0 });
  expect([redirect.status, redirect.headers.location]).toEqual([307, `${target.baseUrl()}/api/events/filter`]);
}

/** A proxy refuses an answer that has two lengths. */
async function answerWithoutBody(target: Target): Promise<void> {
  const head = await send(target, { method: 'HEAD', path: '/api/events' });
  expect([head.status, head.headers.allow, head.headers['content-length']]).toEqual([405, 'POST', '31']);
  for (const more of [{}, { connection: 'close' }]) {
    const headers = { 'content-type': 'application/json', ...more };
    const taken = await send(target, { method: 'POST', path: '/api/events', headers, body: '[]' });
    expect([taken.status, taken.text]).toEqual([204, '']);
  }
}

async function carrySockets(target: Target): Promise<void> {
  const word = uniqueWord();
  const subscriber = await subscribe(target, { event: { prefix: [`${word}.`] } });
  const producer = await connectSigned(target, '/api/events/in');
  const sent = Array.from({ length: 200 }, (_, at) =>
    eventLike({ event: `${word}.${at}`, payload: { text: 'é'.repeat(500) } }),
  );
  for (const event of sent) producer.send(JSON.stringify(event));
  await producer.ping();
  for (const event of sent) {
    expect(parseFrame<EventFrame>(await subscriber.next()).event.id).toBe(event['id']);
  }
  // A close without a code is answered by one.
  expect((await producer.close()).code).toBe(1005);
  expect((await subscriber.close()).code).toBe(1005);
}

async function passStream(target: Target): Promise<void> {
  const word = uniqueWord();
  const filter = encodeURIComponent(JSON.stringify({ event: { prefix: [`${word}.`] } }));
  const stream = await openStream(target, `/api/events/out?filter=${filter}&backfill=false`);
  await stream.until('event: caught_up');
  for (const at of [0, 1, 2]) {
    await publish(target, [eventLike({ event: `${word}.${at}` })]);
    await stream.until(`"event":"${word}.${at}"`);
  }
  stream.leave();
}

async function passExport(target: Target): Promise<void> {
  const word = uniqueWord();
  const batch = Array.from({ length: 500 }, () => eventLike({ event: word, payload: { text: 'x'.repeat(8_000) } }));
  await publish(target, batch);
  await untilFound(target, { event: { name: [word] } }, batch.length, 1);
  const answer = await post(target, '/api/events/export', { filter: { event: { name: [word] } } });
  expect(answer.status).toBe(200);
  const lines = answer.text.trimEnd().split('\n');
  const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id);
  expect(ids.toSorted()).toEqual(batch.map(({ id }) => id).toSorted());
  expect(answer.headers['sluice-export-token']).toBeTypeOf('string');
}

async function takeLargeBody(target: Target): Promise<void> {
  const word = uniqueWord();
  const event = (bytes: number) => eventLike({ event: word, payload: { text: 'x'.repeat(bytes) } });
  const large = [event(1_400_000), event(1_400_000), event(1_400_000), event(900_000)];
  expect(Buffer.byteLength(JSON.stringify(large))).toBeGreaterThan(5_000_000);
  await publish(target, large);
  await untilFound(target, { event: { name: [word] } }, large.length, 1);
  // A client that is still writing may meet the end of the connection before it reads why.
  const tooLarge = await post(target, '/api/events', [...large, event(500_000)]).then(
    ({ status }) => status,
    ({ code }: NodeJS.ErrnoException) => code,
  );
  expect([413, 'EPIPE', 'ECONNRESET']).toContain(tooLarge);
  await publish(target, [event(1)]);
  await untilFound(target, { event: { name: [word] } }, large.length + 1, 1);
}

async function speakHttp2({ url, certificate }: RunningProxy): Promise<void> {
  const { origin, pathname } = new URL(url);
  const session = connectHttp2(origin, { ca: certificate?.pem ?? '' });
  const ask = (method: string, path: string, body?: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const place = pathname === '/' ? path : `${pathname}${path}`;
      const stream = session.request({ ':method': method, ':path': place, 'content-type': 'application/json' });
      let status = 0;
      let text = '';
      stream.on('response', (headers) => (status = Number(headers[':status'])));
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.once('error', reject);
      stream.once('end', () => resolve({ status, text }));
      stream.end(body);
    });
  try {
    expect(await ask('GET', '/api/health')).toEqual({ status: 200, text: 'true' });
    const word = uniqueWord();
    const bodies = Array.from({ length: 20 }, () => JSON.stringify([eventLike({ event: word })]));
    const answers = await Promise.all(bodies.map((body) => ask('POST', '/api/events', body)));
    expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 204));
    const target: Target = { baseUrl: () => url, strict: true, ca: certificate?.pem ?? '' };
    await untilFound(target, { event: { name: [word] } }, bodies.length, 1);
    const page = await ask(
      'POST',
      '/api/events/filter',
      JSON.stringify({ filter: { event: { name: [word] } }, limit: 9 }),
    );
    const next = (JSON.parse(page.text) as Page).next_page ?? '';
    expect(next.startsWith(`${url}/api/events/filter/next?`), next).toBe(true);
  } finally {
    session.close();
  }
}

/** What comes of a GET, while it comes. */
async function openStream(target: Target, path: string) {
  let text = '';
  let wake = (): void => undefined;
  const url = `${target.baseUrl()}${path}`;
  const secure = target.ca === undefined ? {} : { ca: target.ca };
  const outgoing = (url.startsWith('https') ? secureRequest : plainRequest)(url, { agent: false, ...secure });
  outgoing.on('error', () => undefined);
  outgoing.on('response', (incoming) => {
    incoming.on('error', () => undefined);
    incoming.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      wake();
    });
  });
  outgoing.end();
  return {
    until: (part: string) =>
      within(
        `${part} comes`,
        10_000,
        (async () => {
          while (!text.includes(part)) await new Promise<void>((resolve) => (wake = resolve));
        })(),
      ),
    leave: () => outgoing.destroy(),
  };
}
