/**
 * An AbortSignal ends every wait of the client at once, with its reason: before a server that takes a connection and
 * never says a word, behind a token or a store that does not come, and while it waits for the next try.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckpointStore, connect, type NewEvent, type Sluice } from '../../client/src/node.ts';
import { listenHere } from '../../support/free-port.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { within } from '../../support/poll.ts';

const sockets = new Set<Socket>();
const mute: Server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
let mutePort = 0;
let deadPort = 0;

beforeAll(async () => {
  mutePort = await listenHere(mute);
  deadPort = await freePort();
});
afterAll(() => {
  mute.close();
  for (const socket of sockets) socket.destroy();
});

const event: NewEvent = { event: 'a', resource: { 'prefect.resource.id': 'r' }, payload: {} };
const never = new Promise<never>(() => undefined);
const silentStore: CheckpointStore = { load: () => never, save: () => never };

/** A wait that this server does not end by itself. */
type Wait = (sluice: Sluice, signal: AbortSignal) => Promise<unknown>;

const questions: Readonly<Record<string, Wait>> = {
  'the next message': (sluice, signal) => sluice.subscribe({ signal })[Symbol.asyncIterator]().next(),
  'the next event of a query': (sluice, signal) => sluice.query({}, { signal })[Symbol.asyncIterator]().next(),
  'a total': (sluice, signal) => sluice.query({}, { signal }).total(),
  'a count': (sluice, signal) => sluice.count('event', {}, { signal }),
  'the next event of an export': (sluice, signal) => sluice.export({}, { signal })[Symbol.asyncIterator]().next(),
  'an event observed': (sluice, signal) =>
    new Promise((resolve, reject) => {
      sluice.observe({}, { signal }).subscribe({ next: resolve, error: reject });
    }),
};

const publishing: Readonly<Record<string, Wait>> = {
  'an event to be durable': (sluice, signal) => sluice.publisher().emit(event, signal),
  'a place for an event': async (sluice, signal) => {
    const publisher = sluice.publisher({ bufferBytesMax: 1 });
    publisher.enqueue(event);
    await publisher.emit(event, signal);
  },
  'room in the buffer': async (sluice, signal) => {
    const publisher = sluice.publisher({ bufferBytesMax: 1 });
    publisher.enqueue(event);
    await publisher.room(signal);
  },
  'a flush': async (sluice, signal) => {
    const publisher = sluice.publisher();
    publisher.enqueue(event);
    await publisher.flush(signal);
  },
  'the end of a publisher': async (sluice, signal) => {
    const publisher = sluice.publisher();
    publisher.enqueue(event);
    await publisher.close(signal);
  },
};

const servers: Readonly<Record<string, () => Sluice>> = {
  'a server that says nothing': () => connect({ url: `http://127.0.0.1:${mutePort}` }),
  'the next try': () => connect({ url: `http://127.0.0.1:${deadPort}`, retry: { firstMs: 1e6, longestMs: 1e6 } }),
  'a token that does not come': () => connect({ url: `http://127.0.0.1:${mutePort}`, token: () => never }),
};

async function endsByAbort(sluice: Sluice, wait: Wait, abortMs: number): Promise<void> {
  const reason = new Error('enough');
  const ending = new AbortController();
  const waiting = wait(sluice, ending.signal).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (abortMs > 0) await new Promise((resolve) => setTimeout(resolve, abortMs));
  const early = await Promise.race([waiting, Promise.resolve('still waiting')]);
  expect(early).toBe('still waiting');
  ending.abort(reason);
  expect(await within('the wait has ended', 1_000, waiting)).toEqual({ error: reason });
}

describe.each(Object.keys(servers))('waiting for %s', (name) => {
  it.each(Object.entries({ ...questions, ...publishing }))('is ended, for %s', async (_, wait) => {
    // At once, while it connects, and later, while it waits for an answer or for its next try.
    for (const abortMs of [0, 150]) {
      const sluice = servers[name]?.();
      if (sluice !== undefined) await endsByAbort(sluice, wait, abortMs);
    }
  });
});

it('a signal that is aborted before ends it before anything is opened', async () => {
  const sluice = connect({ url: `http://127.0.0.1:${mutePort}` });
  const before = sockets.size;
  const reason = new Error('before');
  for (const wait of Object.values(questions)) {
    await expect(within('it has ended', 1_000, wait(sluice, AbortSignal.abort(reason)))).rejects.toBe(reason);
  }
  await expect(sluice.publisher().emit(event, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(sockets.size).toBe(before);
});

it('a store that does not answer is waited for no longer', async () => {
  const sluice = connect({ url: `http://127.0.0.1:${mutePort}` });
  const wait: Wait = (_, signal) => sluice.subscribe({ store: silentStore, signal })[Symbol.asyncIterator]().next();
  await endsByAbort(sluice, wait, 20);
});

it('a publisher that is closed in haste says of each event that its fate is unknown', async () => {
  const publisher = connect({ url: `http://127.0.0.1:${mutePort}` }).publisher();
  const emitted = [publisher.emit(event), publisher.emit(event)].map((answer) => answer.catch((error) => error));
  await expect(publisher.close(AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' });
  for (const answer of emitted) expect(await answer).toMatchObject({ name: 'RejectedError', failure: 'unknown' });
  expect(publisher.status).toMatchObject({ phase: 'closed', waitingEvents: 0 });
});
