/** The browser build in Chromium, against a real Sluice: it keeps every promise that the client makes in Node. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as Client from '../../client/src/browser.ts';
import { startFaultyRelay } from '../../support/faulty-relay.ts';
import { findChromium } from '../../support/peers/chromium.ts';
import { type ClientPage, load, openClientPage } from '../../support/peers/chromium-page.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { uniqueWord } from '../../support/target.ts';

/** What the page has. */
declare const client: typeof Client;

const root = repositoryRoot();
const chromium = await findChromium(root);
const token = 'geheim:ü';

describe('the client in Chromium', () => {
  if (!chromium.found) {
    it.skip(chromium.sentence, () => undefined);
    return;
  }
  let server: TestSluice;
  let opened: ClientPage;

  beforeAll(async () => {
    opened = await openClientPage(await chromium.launch(), root);
    server = await startSluice({
      env: {
        SLUICE_AUTH_STRING: token,
        SLUICE_CORS_ORIGINS: opened.origin,
        SLUICE_FLUSH_MS: '50',
        SLUICE_PING_MS: '500',
      },
    });
    await load(opened);
  });
  afterAll(async () => {
    await opened?.close();
    await server?.stop();
    removeData(server);
  });

  it('publishes, is told of a bad event, receives each event once, and asks', async () => {
    const found = await opened.page.evaluate(publishAndRead, { url: server.url, token, resource: uniqueWord() });
    expect(found).toEqual({
      ...{ promises: ['durable', 'exact'], refused: 'badEvent', numbers: 1_000, different: 1_000, text: 'ü€😀' },
      ...{ total: 1_000, counted: 1_000, exported: 1_000, wrong: 401, aborted: 'enough' },
    });
  });

  it('closes behind a slow reader instead of holding all, and goes on without a loss or a repeat', async () => {
    const found = await opened.page.evaluate(readSlowly, { url: server.url, token, resource: uniqueWord() });
    expect(found).toMatchObject({ numbers: 4_000, different: 4_000 });
    expect(found.connections).toBeGreaterThan(3);
  });

  it('keeps each event through a network that breaks', async () => {
    const faults = { seed: 20_261_129, cutBytesMax: 300_000, silences: 0.1, stalls: 0.02, stallMsMax: 50 };
    const relay = await startFaultyRelay(() => Number(new URL(server.url).port), faults);
    try {
      const url = `http://127.0.0.1:${relay.port}`;
      const found = await opened.page.evaluate(publishAndReadAtOnce, { url, token, resource: uniqueWord() });
      expect(found).toEqual({ numbers: 5_000, different: 5_000 });
      expect(relay.faults.cuts).toBeGreaterThan(3);
    } finally {
      relay.close();
    }
  });

  it('keeps its checkpoint in localStorage, and goes on behind it when the page is loaded anew', async () => {
    const given = { url: server.url, token, resource: uniqueWord() };
    await opened.page.evaluate(publishSome, { ...given, first: 0 });
    const before = await opened.page.evaluate(readWithStore, { ...given, leaveAt: 60 });
    expect(before).toMatchObject({ loaded: null, got: 60 });
    await load(opened);
    await opened.page.evaluate(publishSome, { ...given, first: 100 });
    const behind = await opened.page.evaluate(readWithStore, { ...given, leaveAt: 140 });
    expect(behind).toMatchObject({ loaded: before.kept, got: 140, different: 140 });
    expect(await opened.page.evaluate((key) => client.localStore(key).load(), 'another key')).toBeNull();
  });
});

interface Given {
  readonly url: string;
  readonly token: string;
  readonly resource: string;
}

// Each of these runs in the page: it may name nothing but its argument and `client`.

async function publishAndRead({ url, token, resource }: Given) {
  const sluice = client.connect({ url, token: async () => token });
  const filter = client.where().resource(resource).filter;
  const publisher = sluice.publisher({ bufferBytesMax: 50_000 });
  const refused = await publisher.emit({ event: 'a', resource: {} }).catch((error) => error.failure);
  for (let nth = 0; nth < 1_000; nth += 1) {
    const event = { event: 'a', resource: { 'prefect.resource.id': resource }, payload: { nth, text: 'ü€😀' } };
    while (!publisher.enqueue(event)) await publisher.room();
  }
  await publisher.close();
  const numbers: unknown[] = [];
  let text: unknown;
  const subscription = sluice.subscribe({ filter });
  let { promise } = subscription.status;
  for await (const message of subscription) {
    if (message.type !== 'event') continue;
    ({ promise } = subscription.status);
    ({ text } = message.event.payload);
    if (numbers.push(message.event.payload['nth']) === 1_000) break;
  }
  while ((await sluice.query(filter).total()) < 1_000) await new Promise((resolve) => setTimeout(resolve, 50));
  const counts = await sluice.count('event', filter);
  let exported = 0;
  for await (const _ of sluice.export(filter).texts()) exported += 1;
  const wrong = await client
    .connect({ url, token: 'x' })
    .query()
    .total()
    .catch((error) => error.status);
  const ending = new AbortController();
  const waiting = (async () => {
    for await (const _ of sluice.subscribe({ filter, from: 'now', signal: ending.signal })) setTimeout(abort, 50);
  })();
  function abort(): void {
    ending.abort(new Error('enough'));
  }
  const aborted = await waiting.catch((error) => error.message);
  const promises = [publisher.status.promise, promise];
  const different = new Set(numbers).size;
  const total = await sluice.query(filter).total();
  const counted = counts[0]?.count;
  return { promises, refused, numbers: numbers.length, different, text, total, counted, exported, wrong, aborted };
}

async function readSlowly({ url, token, resource }: Given) {
  let connections = 0;
  const sluice = client.connect({ url, token, retry: { firstMs: 1 } });
  const publisher = sluice.publisher();
  for (let nth = 0; nth < 4_000; nth += 1) {
    publisher.enqueue({ event: 'a', resource: { 'prefect.resource.id': resource }, payload: { nth } });
  }
  await publisher.close();
  const numbers: unknown[] = [];
  const options = { filter: { resource: { id: [resource] } }, bufferCharactersMax: 20_000 };
  const onStatus = ({ phase }: { readonly phase: string }): void => {
    if (phase === 'connecting') connections += 1;
  };
  for await (const message of sluice.subscribe({ ...options, onStatus })) {
    if (message.type !== 'event') continue;
    if (numbers.push(message.event.payload['nth']) === 4_000) break;
    if (numbers.length % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { numbers: numbers.length, different: new Set(numbers).size, connections };
}

async function publishAndReadAtOnce({ url, token, resource }: Given) {
  const sluice = client.connect({ url, token, retry: { firstMs: 20, longestMs: 200 } });
  const numbers: unknown[] = [];
  const reading = (async () => {
    for await (const message of sluice.subscribe({ filter: { resource: { id: [resource] } } })) {
      if (message.type === 'event' && numbers.push(message.event.payload['nth']) === 5_000) break;
    }
  })();
  const publisher = sluice.publisher({ bufferBytesMax: 64 * 1024 });
  for (let nth = 0; nth < 5_000; nth += 1) {
    const event = { event: 'a', resource: { 'prefect.resource.id': resource }, payload: { nth } };
    while (!publisher.enqueue(event)) await publisher.room();
  }
  await publisher.close();
  await reading;
  return { numbers: numbers.length, different: new Set(numbers).size };
}

async function publishSome({ url, token, resource, first }: Given & { readonly first: number }) {
  const publisher = client.connect({ url, token }).publisher();
  for (let nth = first; nth < first + 100; nth += 1) {
    publisher.enqueue({ event: 'a', resource: { 'prefect.resource.id': resource }, payload: { nth } });
  }
  await publisher.close();
}

async function readWithStore({ url, token, resource, leaveAt }: Given & { readonly leaveAt: number }) {
  const store = client.localStore(resource);
  const loaded = await store.load();
  const numbers: unknown[] = [];
  const options = { filter: { resource: { id: [resource] } }, store, ack: 'manual' } as const;
  for await (const message of client.connect({ url, token }).subscribe(options)) {
    if (message.type !== 'event') continue;
    if (numbers.push(message.event.payload['nth']) < leaveAt) continue;
    await message.ack();
    break;
  }
  return { loaded, kept: await store.load(), got: numbers.length, different: new Set(numbers).size };
}
