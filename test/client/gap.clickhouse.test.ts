/**
 * What a subscription does where events may be missing, and that an Observable is the same as the iterator: before two
 * real servers of one signing key, of which each knows nothing of the other's journal.
 */
import { from, lastValueFrom, take, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, GapError, type Message, memoryStore, type Sluice } from '../../client/src/node.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { uniqueWord } from '../../support/target.ts';

const env = { SLUICE_FLUSH_MS: '50', SLUICE_SIGNING_KEY: 'a key that both servers have, and nobody else' };
const events = 40;
const resource = uniqueWord();
const filter = { resource: { id: [resource] } };
let servers: TestSluice[] = [];
let here: Sluice;
/** Of the other server's journal. */
let foreign = '';

beforeAll(async () => {
  servers = await Promise.all([startSluice({ env }), startSluice({ env })]);
  const [one, other] = servers.map(({ url }) => connect({ url }));
  if (one === undefined || other === undefined) throw new Error('no servers');
  here = one;
  for (const sluice of [one, other]) await publish(sluice);
  for await (const message of other.subscribe({ filter })) {
    if (message.type !== 'caught_up') continue;
    foreign = message.checkpoint;
    break;
  }
});
afterAll(async () => {
  for (const server of servers) {
    await server.stop();
    removeData(server);
  }
});

async function publish(sluice: Sluice, first = 0): Promise<void> {
  const publisher = sluice.publisher();
  const beganMs = Date.now() - 1000;
  for (let nth = first; nth < first + events; nth += 1) {
    // Each has a time of its own: of the same time, the log and ClickHouse tell them in different orders.
    const occurred = new Date(beganMs + nth).toISOString();
    publisher.enqueue({ event: 'a', occurred, resource: { 'prefect.resource.id': resource }, payload: { nth } });
  }
  await publisher.close();
}

async function untilCaughtUp(messages: AsyncIterable<Message>): Promise<Message[]> {
  const got: Message[] = [];
  for await (const message of messages) {
    got.push(message);
    if (message.type === 'caught_up') return got;
  }
  return got;
}

const numbersOf = (messages: readonly Message[]) =>
  messages
    .flatMap((message) => (message.type === 'event' ? [Number(message.event.payload['nth'])] : []))
    .sort((a, b) => a - b);
/** What each is. Its position is in the log or in the store, as it comes. */
const contentOf = (messages: readonly Message[]) =>
  messages.map((message) => [message.type, 'text' in message && message.text]);
const all = Array.from({ length: events }, (_, nth) => nth);

describe('a gap', () => {
  it('is thrown, says where to go on, and leaves the store as it was', async () => {
    const store = memoryStore(foreign);
    const failure = await untilCaughtUp(here.subscribe({ filter, store })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GapError);
    expect(failure).toMatchObject({ failure: 'gap', reason: 'epoch', retryable: false });
    expect(await store.load()).toBe(foreign);
    const { checkpoint } = failure as GapError; // as expected above
    const rest = await untilCaughtUp(here.subscribe({ filter, store, from: checkpoint }));
    expect(numbersOf(rest)).toEqual(all);
    expect(rest.every(({ type }) => type !== 'gap')).toBe(true);
  });

  it('is yielded where that is asked for, before what is left, and its acknowledgement is kept', async () => {
    const store = memoryStore(foreign);
    const got = await untilCaughtUp(here.subscribe({ filter, store, onGap: 'yield', ack: 'manual' }));
    expect(got[0]).toMatchObject({ type: 'gap', reason: 'epoch' });
    expect(numbersOf(got)).toEqual(all);
    expect(await store.load()).toBe(foreign);
    await got[0]?.ack();
    expect(await store.load()).toBe(got[0]?.checkpoint);
    const again = await untilCaughtUp(here.subscribe({ filter, store, ack: 'manual' }));
    expect(numbersOf(again)).toEqual(all);
  });
});

describe('an Observable', () => {
  it('gives what the iterator gives, to RxJS and without it', async () => {
    const wanted = await untilCaughtUp(here.subscribe({ filter }));
    const byRx = await lastValueFrom(from(here.observe(filter)).pipe(take(wanted.length), toArray()));
    expect(contentOf(byRx)).toEqual(contentOf(wanted));
    const got: Message[] = [];
    const subscription = here.observe(filter).subscribe((message) => got.push(message));
    await until('all came', () => (got.length >= wanted.length ? true : undefined));
    subscription.unsubscribe();
    expect(contentOf(got)).toEqual(contentOf(wanted));
  });

  it('fails with what the iterator throws', async () => {
    const failing = from(here.observe(filter, { from: foreign }));
    await expect(lastValueFrom(failing)).rejects.toMatchObject({ name: 'GapError', reason: 'epoch' });
    expect(() => here.observe(filter, { from: 'nowhere' }).subscribe({})).toThrow(TypeError);
    const reason = new Error('enough');
    const aborted = from(here.observe(filter, { signal: AbortSignal.abort(reason) }));
    await expect(lastValueFrom(aborted)).rejects.toBe(reason);
  });

  it('says nothing more behind unsubscribe, and hangs up', async () => {
    const phases: string[] = [];
    const got: Message[] = [];
    const subscription = here.observe(filter, { onStatus: ({ phase }) => phases.push(phase) }).subscribe({
      next: (message) => {
        if (got.push(message) === 3) subscription.unsubscribe();
      },
      error: () => got.push(...got),
      complete: () => got.push(...got),
    });
    await until('it is closed', () => (phases.at(-1) === 'closed' ? true : undefined));
    await publish(here, events);
    expect(got.length).toBe(3);
  });
});
