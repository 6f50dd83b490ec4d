/** The TypeScript client against a real Prefect server, where its promise is `plain`: publisher, query and feed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Message, type RejectedError, type Sluice } from '../../client/src/node.ts';
import { startFaultyRelay } from '../../support/faulty-relay.ts';
import { installPrefect, launchPrefect } from '../../support/peers/prefect.ts';
import type { ServerProcess } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { uniqueWord } from '../../support/target.ts';

const install = await installPrefect(repositoryRoot());
const eventOf = (resource: string, nth: number) => ({
  event: nth % 2 === 0 ? 'door.opened' : 'door.closed',
  resource: { 'prefect.resource.id': resource, nth: String(nth) },
  payload: { nth },
});
const numbers = (count: number): number[] => Array.from({ length: count }, (_, nth) => nth);
const rising = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b);

describe('the TypeScript client against a real Prefect', () => {
  if (!install.found) {
    it.skip(install.sentence, () => undefined);
    return;
  }
  let prefect: ServerProcess;
  let sluice: Sluice;
  beforeAll(async () => {
    prefect = await launchPrefect(install);
    sluice = connect({ url: prefect.url });
  }, 150_000);
  afterAll(async () => {
    await prefect?.stop();
  });

  it('publishes, says that the promise is weaker, and tells of a refused event alone', async () => {
    const resource = uniqueWord();
    const filter = { resource: { id: [resource] } };
    const publisher = sluice.publisher();
    const events = [0, 1, 2].map((nth) => publisher.emit(eventOf(resource, nth)));
    const bad = publisher.emit({ event: 'bad', resource: {}, payload: {} });
    const refusal = await bad.catch((error: RejectedError) => error);
    expect(refusal).toMatchObject({ name: 'RejectedError', failure: 'invalidRequest', event: { event: 'bad' } });
    expect((refusal as RejectedError).message).toContain('prefect.resource.id');
    await Promise.all(events);
    for (let nth = 3; nth < 130; nth += 1) publisher.enqueue(eventOf(resource, nth));
    await publisher.close();
    expect(publisher.status).toMatchObject({ promise: 'plain', phase: 'closed', waitingEvents: 0 });
    await until('all can be queried', async () => ((await sluice.query(filter).total()) === 130 ? true : undefined));
    const found: number[] = [];
    for await (const event of sluice.query(filter, { order: 'ASC' })) found.push(Number(event.payload['nth']));
    expect(rising(found)).toEqual(numbers(130));
    const counts = await sluice.count('event', filter);
    expect(counts.map(({ value, count }) => [value, count])).toEqual([
      ['door.closed', 65],
      ['door.opened', 65],
    ]);
  });

  it('sends again what a break may have lost, and nothing twice', async () => {
    const resource = uniqueWord();
    const relay = await startFaultyRelay(() => Number(new URL(prefect.url).port), {
      ...{ seed: 20_261_129, cutBytesMax: 90_000, silences: 0, stalls: 0.05, stallMsMax: 50 },
    });
    try {
      const publisher = connect({ url: `http://127.0.0.1:${relay.port}`, retry: { firstMs: 20 } }).publisher();
      for (let nth = 0; nth < 600; nth += 1) publisher.enqueue(eventOf(resource, nth));
      await publisher.close();
      expect(relay.faults.cuts).toBeGreaterThan(0);
    } finally {
      relay.close();
    }
    const filter = { resource: { id: [resource] } };
    await until('all can be queried', async () => ((await sluice.query(filter).total()) >= 600 ? true : undefined));
    const found: number[] = [];
    for await (const event of sluice.query(filter)) found.push(Number(event.payload['nth']));
    expect(rising(found)).toEqual(numbers(600));
  });

  it('follows history and then live, and tells each break as a gap without repeating what came before', async () => {
    const resource = uniqueWord();
    const filter = { resource: { id: [resource] } };
    const publisher = sluice.publisher();
    for (let nth = 0; nth < 20; nth += 1) await publisher.emit(eventOf(resource, nth));
    await until('history is there', async () => ((await sluice.query(filter).total()) === 20 ? true : undefined));
    // The first connection is cut behind some of the events; a later one may carry all of them once more.
    const relay = await startFaultyRelay(() => Number(new URL(prefect.url).port), {
      ...{ seed: 16, cutBytesMax: 400_000, silences: 0, stalls: 0, stallMsMax: 0 },
    });
    const got: Message[] = [];
    const far = connect({ url: `http://127.0.0.1:${relay.port}`, retry: { firstMs: 20, longestMs: 200 } });
    const subscription = far.subscribe({ filter, onGap: 'yield' });
    try {
      const reading = (async () => {
        for await (const message of subscription) {
          got.push(message);
          if (message.type === 'event' && message.event.event === 'last') return;
        }
      })();
      await until('history has come', () => (got.length >= 20 ? true : undefined));
      for (let nth = 20; nth < 320; nth += 1) publisher.enqueue(eventOf(resource, nth));
      await publisher.flush();
      let isRead = false;
      void reading.then(() => {
        isRead = true;
      });
      // One of them may fall into a break.
      await until('a last event comes', async () => {
        await publisher.emit({ ...eventOf(resource, 320), event: 'last' });
        return isRead || undefined;
      });
      await publisher.close();
      await reading;
    } finally {
      relay.close();
    }
    expect(subscription.status.promise).toBe('plain');
    const events = got.flatMap((message) => (message.type === 'event' ? [Number(message.event.payload['nth'])] : []));
    expect(new Set(events).size).toBe(events.length);
    expect(events.slice(0, 20)).toEqual(numbers(20));
    const gaps = got.flatMap((message) => (message.type === 'gap' ? [message.reason] : []));
    expect(relay.faults.cuts).toBeGreaterThan(0);
    expect(gaps.length).toBeGreaterThan(0);
    expect(gaps.length).toBeLessThanOrEqual(relay.faults.cuts);
    expect(new Set(gaps)).toEqual(new Set(['unknown']));
  });
});
