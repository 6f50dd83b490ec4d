/**
 * The client against a real Sluice: every event once through a network that breaks connections and a server that is
 * killed, in both directions; and each question answered as the server has it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connect,
  fileStore,
  type LiveCount,
  memoryStore,
  type RejectedError,
  type Sluice,
} from '../../client/src/node.ts';
import { startFaultyRelay } from '../../support/faulty-relay.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { uniqueWord } from '../../support/target.ts';

const env = { SLUICE_FLUSH_MS: '50', SLUICE_AUTH_STRING: 'geheim:ü', SLUICE_PING_MS: '500' };
const token = 'geheim:ü';
let server: TestSluice;
let sluice: Sluice;
const folder = mkdtempSync(join(tmpdir(), 'sluice-client-'));

beforeAll(async () => {
  server = await startSluice({ env });
  sluice = connect({ url: server.url, token: async () => token });
});
afterAll(async () => {
  await server?.stop();
  removeData(server);
  rmSync(folder, { recursive: true, force: true });
});

const eventOf = (resource: string, nth: number) => ({
  event: nth % 2 === 0 ? 'door.opened' : 'door.closed',
  resource: { 'prefect.resource.id': resource, nth: String(nth) },
  payload: { nth, exact: 1 },
});

async function publishTo(target: Sluice, resource: string, events: number): Promise<void> {
  const publisher = target.publisher({ bufferBytesMax: 64 * 1024 });
  try {
    for (let nth = 0; nth < events; nth += 1) {
      while (!publisher.enqueue(eventOf(resource, nth))) await publisher.room();
    }
    await publisher.flush();
  } finally {
    await publisher.close();
  }
}

/** The numbers of the events of one subscription, until so many came. */
async function numbersOf(target: Sluice, resource: string, events: number): Promise<number[]> {
  const got: number[] = [];
  for await (const message of target.subscribe({ filter: { resource: { id: [resource] } } })) {
    if (message.type !== 'event') continue;
    got.push(Number(message.event.resource['nth']));
    if (got.length === events) break;
  }
  return got;
}

describe('a watched count', () => {
  it('gives its newest state, goes on over a break, and ends with its signal', async () => {
    const resource = uniqueWord();
    const faults = { seed: 5, cutBytesMax: 4_000, stalls: 0, stallMsMax: 1, silences: 0 };
    const relay = await startFaultyRelay(() => Number(new URL(server.url).port), faults);
    const watched = connect({ url: `http://127.0.0.1:${relay.port}`, token, retry: { firstMs: 20, longestMs: 100 } });
    const ending = new AbortController();
    const states: LiveCount[] = [];
    const watching = (async () => {
      const filter = { resource: { id: [resource] } };
      for await (const state of watched.watchCount('event', filter, { last: '10m', signal: ending.signal })) {
        states.push(state);
      }
    })();
    const seen = (): number => (states.at(-1)?.counts ?? []).reduce((sum, { count }) => sum + count, 0);
    let sent = 0;
    while (relay.faults.cuts < 3) {
      sent += 10;
      await publishTo(sluice, resource, 10);
      await until('all so far are counted', () => (seen() === sent ? true : undefined));
    }
    expect(states.at(-1)?.counts.map(({ value, count }) => [value, count])).toEqual([
      ['door.closed', sent / 2],
      ['door.opened', sent / 2],
    ]);
    ending.abort(new Error('enough'));
    await expect(watching).rejects.toThrow('enough');
    relay.close();
  });

  it('throws what is no question, by name', async () => {
    const watched = sluice.watchCount('event', { occurred: { since: '2026-11-22' } }, { last: '1h' });
    await expect(watched.next()).rejects.toMatchObject({ failure: 'badFilter', retryable: false });
  });
});

describe('questions', () => {
  it('give the events of all pages, their texts, counts, and an export that goes on anywhere', async () => {
    const resource = uniqueWord();
    await publishTo(sluice, resource, 130);
    const filter = { resource: { id: [resource] } };
    await until('all can be queried', async () => ((await sluice.query(filter).total()) === 130 ? true : undefined));
    const ids: string[] = [];
    for await (const { id } of sluice.query(filter, { order: 'ASC' })) ids.push(id);
    expect(new Set(ids).size).toBe(130);
    const texts: string[] = [];
    for await (const text of sluice.query(filter, { order: 'ASC', limit: 60 }).texts()) texts.push(text);
    expect(texts.map((text) => JSON.parse(text).id)).toEqual(ids.slice(0, 60));
    expect(texts[0]).toContain('"exact":1}');
    const counts = await sluice.count('event', filter, { limit: 1 });
    expect(counts.map(({ count }) => count)).toEqual([65]);
    const whole = sluice.export(filter);
    const first: string[] = [];
    for await (const text of whole.texts()) if (first.push(text) === 50) break;
    const rest: string[] = [];
    for await (const batch of sluice.export({}, { resume: whole.place ?? undefined }).batches()) rest.push(...batch);
    expect([...first, ...rest].map((text) => JSON.parse(text).id)).toEqual(ids);
  });

  it('that are wrong throw what the server says, and a wrong token throws at once', async () => {
    const wrong = sluice.count('event', { event: { nope: 1 } } as never);
    await expect(wrong).rejects.toMatchObject({ status: 422, retryable: false, failure: 'invalidRequest' });
    const stranger = connect({ url: server.url, token: 'x' });
    await expect(stranger.query().total()).rejects.toMatchObject({ status: 401 });
    await expect(stranger.subscribe()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      failure: 'unauthorized',
    });
    await expect(stranger.publisher().emit(eventOf('r', 1))).rejects.toMatchObject({ failure: 'unauthorized' });
  });
});

describe('a publisher', () => {
  it('tells of a refused event alone, with its reason, and of all others that they are durable', async () => {
    const publisher = sluice.publisher();
    const resource = uniqueWord();
    const bad = { event: 'x', resource: {}, payload: {} };
    const answers = await Promise.allSettled([
      publisher.emit(eventOf(resource, 1)),
      publisher.emit(bad),
      publisher.emit(eventOf(resource, 2)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const { reason } = answers[1] as { reason: RejectedError };
    expect([reason.name, reason.failure, reason.event.resource]).toEqual(['RejectedError', 'badEvent', {}]);
    expect(reason.message).toContain('prefect.resource.id');
    publisher.enqueue(bad);
    await expect(publisher.flush()).rejects.toBeInstanceOf(AggregateError);
    await publisher.close();
    await expect(publisher.emit(bad)).rejects.toMatchObject({ failure: 'closed' });
  });
});

describe('a subscription', () => {
  it('goes on exactly behind what was acknowledged, however late, from a file', async () => {
    const resource = uniqueWord();
    await publishTo(sluice, resource, 300);
    const filter = { resource: { id: [resource] } };
    const store = fileStore(join(folder, 'checkpoint'));
    let seen = 0;
    let late: { ack(): Promise<void> } | null = null;
    for await (const message of sluice.subscribe({ filter, store, ack: 'manual' })) {
      if (message.type !== 'event') continue;
      seen += 1;
      if (seen === 120) late = message;
      if (seen === 200) break;
    }
    await late?.ack();
    const rest: number[] = [];
    for await (const message of sluice.subscribe({ filter, store, ack: 'manual' })) {
      if (message.type === 'event') rest.push(message.event.payload['nth'] as number);
      if (message.type === 'caught_up') break;
    }
    expect(rest.length).toBe(180);
    const other = sluice.subscribe({ filter: { resource: { id: ['other'] } }, store });
    await expect(other[Symbol.asyncIterator]().next()).rejects.toMatchObject({ retryable: false });
  });

  it('keeps the checkpoint of a rare filter fresh by heartbeats, and is silent to no reader that aborts', async () => {
    const store = memoryStore();
    const ending = new AbortController();
    const filter = { resource: { id: [uniqueWord()] } };
    const messages = sluice.subscribe({ filter, store, signal: ending.signal })[Symbol.asyncIterator]();
    expect((await messages.next()).value).toMatchObject({ type: 'caught_up' });
    const waits = messages.next();
    const before = await until('a first checkpoint', async () => (await store.load()) ?? undefined);
    await publishTo(sluice, uniqueWord(), 10);
    await until('a newer one', async () => ((await store.load()) === before ? undefined : true));
    ending.abort(new Error('enough'));
    await expect(waits).rejects.toThrow('enough');
    expect(await messages.next()).toEqual({ done: true, value: undefined });
  });

  it('comes as an event stream where no WebSocket gets through', async () => {
    const resource = uniqueWord();
    class NoSocket {
      constructor() {
        setTimeout(() => this.onclose?.({ code: 1006, reason: '' }), 1);
      }
      onclose: ((event: { code: number; reason: string }) => void) | null = null;
      close(): void {}
    }
    const behind = connect({ url: server.url, token, WebSocket: NoSocket as never, retry: { firstMs: 1 } });
    await publishTo(sluice, resource, 40);
    expect((await numbersOf(behind, resource, 40)).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, nth) => nth),
    );
  });
});

describe('through a network that breaks, and a server that is killed', () => {
  it('every event is published and received exactly once', async () => {
    const events = 6_000;
    const resource = uniqueWord();
    const seed = Number(process.env['SLUICE_RELAY_SEED'] ?? 20_261_129);
    const relay = await startFaultyRelay(() => Number(new URL(server.url).port), {
      seed,
      cutBytesMax: 400_000,
      silences: 0.1,
      stalls: 0.02,
      stallMsMax: 100,
    });
    try {
      const far = connect({ url: `http://127.0.0.1:${relay.port}`, token, retry: { firstMs: 20, longestMs: 200 } });
      const received = numbersOf(far, resource, events);
      const published = publishTo(far, resource, events);
      const port = Number(new URL(server.url).port);
      await until('some connections were cut', () => (relay.faults.cuts > 2 ? true : undefined));
      await server.kill();
      server = await startSluice({ env, dataDir: server.dataDir, port });
      await published;
      const got = await received;
      expect(relay.faults.cuts, `seed ${seed}`).toBeGreaterThan(3);
      expect(new Set(got).size, `seed ${seed}`).toBe(events);
      const filter = { resource: { id: [resource] } };
      await until('all can be queried', async () =>
        (await sluice.query(filter).total()) === events ? true : undefined,
      );
    } finally {
      relay.close();
    }
    // Where it has come to an event stream, a silence is noticed after 50 s.
  }, 240_000);
});
