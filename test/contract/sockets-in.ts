/**
 * docs/prefect-facts.md, "Messages of a producer": what a producer's messages do.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { type InFrame, parseFrame } from '../../schemas/wire.ts';
import { eventLike, type Page, publish, query, type Sent, untilFound } from '../../support/events.ts';
import { law, type Target, uniqueWord } from '../../support/target.ts';
import { connect, connectSigned } from '../../support/wire-client.ts';

const route = '/api/events/in';
const keeps = { ours: 'a bad message gets a proper close frame' };
const skips = { ours: 'a message that was refused once is skipped' };

export function socketsInSection(target: Target): void {
  describe('/api/events/in', () => {
    taking(target);
    dropping(target);
    refusing(target);
    skipping(target);
    rejecting(target);
  });
}

/** Sends one message each; objects as JSON. */
function sendAll(socket: { send(message: string): void }, events: readonly Sent[]): void {
  for (const event of events) socket.send(JSON.stringify(event));
}

function named(word: string): { event: { prefix: string[] }; order: 'ASC' } {
  return { event: { prefix: [word] }, order: 'ASC' };
}

function namesOf(page: Page): string[] {
  return page.events.map(({ event }) => event.split('.').slice(1).join('.'));
}

/** Events named `word.0` and on, a millisecond apart. */
function series(word: string, names: readonly string[]): Sent[] {
  const base = Date.now() - 10_000;
  return names.map((name, at) => eventLike({ event: `${word}.${name}`, occurred: new Date(base + at).toISOString() }));
}

function taking(target: Target): void {
  law(target, 'keeps each message as one event, without an answer; a pong tells that they were taken', async () => {
    const word = uniqueWord();
    const socket = await connectSigned(target, route);
    sendAll(socket, series(word, ['0', '1', '2']));
    await socket.ping();
    expect(await socket.close()).toMatchObject({ code: 1005 });
    expect(namesOf(await untilFound(target, named(word), 3))).toEqual(['0', '1', '2']);
    expect(socket.messages).toEqual(['{"type":"auth_success"}']);
  });

  law(target, 'keeps the forms that POST keeps: extra fields dropped, naive times UTC', async () => {
    const word = uniqueWord();
    const socket = await connectSigned(target, route);
    const occurred = new Date(Date.now() - 5000).toISOString();
    sendAll(socket, [eventLike({ event: word, occurred: occurred.slice(0, -1), nonsense: 1, received: 'x' })]);
    await socket.ping();
    const page = await untilFound(target, named(word), 1);
    expect(Date.parse(page.events[0]?.occurred ?? '')).toBe(Date.parse(occurred));
    expect(Object.keys(page.events[0] ?? {})).not.toContain('nonsense');
    socket.drop();
  });
}

function dropping(target: Target): void {
  law(target, 'drops a repeated id, from another connection and from POST too', async () => {
    const word = uniqueWord();
    const socket = await connectSigned(target, route);
    const [first, other] = [
      eventLike({ event: word, payload: { copy: 1 } }),
      eventLike({ event: word, payload: { copy: 1 } }),
    ];
    sendAll(socket, [first, { ...first, payload: { copy: 2 } }, other]);
    await socket.ping();
    await untilFound(target, named(word), 2);
    const again = await connectSigned(target, route);
    sendAll(again, [{ ...first, payload: { copy: 3 } }]);
    await again.ping();
    await publish(target, [{ ...other, payload: { copy: 4 } }, eventLike({ event: `${word}.after` })]);
    const page = await untilFound(target, named(word), 3);
    expect(page.events.map(({ payload }) => payload['copy'])).toEqual([1, 1, undefined]);
    socket.drop();
    again.drop();
  });

  law(target, 'drops an event over 1.5 MB and goes on', async () => {
    const word = uniqueWord();
    const socket = await connectSigned(target, route);
    const [first, large, last] = series(word, ['first', 'large', 'last']) as [Sent, Sent, Sent]; // three names
    sendAll(socket, [first, { ...large, payload: { text: 'x'.repeat(1_600_000) } }, last]);
    await socket.ping();
    expect(namesOf(await untilFound(target, named(word), 2))).toEqual(['first', 'last']);
    expect(socket.isOpen).toBe(true);
    socket.drop();
  });

  if (target.authString === undefined) {
    law(target, 'takes events at once from a client without subprotocol', async () => {
      const word = uniqueWord();
      const socket = await connect(target, route, { protocols: null });
      sendAll(socket, series(word, ['0']));
      await socket.ping();
      await untilFound(target, named(word), 1);
      expect(socket.messages).toEqual([]);
      socket.drop();
    });
  }
}

/** Messages that are no event; a new text each time, as the same bytes are passed over the second time. */
const bad: readonly (readonly [name: string, code: number, message: () => string | Buffer])[] = [
  ['what is not JSON', 1007, () => `nope ${randomUUID()}`],
  ['a list', 1008, () => JSON.stringify([eventLike({})])],
  ['a missing field', 1008, () => JSON.stringify({ ...eventLike({}), event: undefined })],
  ['a wrong id', 1008, () => JSON.stringify(eventLike({ id: `nope ${randomUUID()}` }))],
  ['auth again', 1008, () => JSON.stringify({ type: 'auth', token: randomUUID() })],
  ['a binary message', 1003, () => Buffer.from(JSON.stringify(eventLike({})))],
];

function refusing(target: Target): void {
  for (const [name, code, message] of bad) {
    law(target, `${name} ends the connection: events before it are kept, later ones not`, async () => {
      const word = uniqueWord();
      const [first, last, after] = series(word, ['first', 'last', 'after']) as [Sent, Sent, Sent]; // three names
      const socket = await connectSigned(target, route);
      sendAll(socket, [first]);
      socket.send(message());
      sendAll(socket, [last]);
      await socket.untilClosed();
      await untilFound(target, named(word), 1);
      await publish(target, [after]);
      expect(namesOf(await untilFound(target, named(word), 2))).toEqual(['first', 'after']);
    });

    law(
      target,
      `${name} is closed with a code and a reason`,
      async () => {
        const socket = await connectSigned(target, route);
        socket.send(message());
        const closed = await socket.untilClosed();
        expect([1003, 1007, 1008]).toContain(closed.code);
        expect(closed).toMatchObject({ code, reason: expect.stringMatching(/./) });
        expect(Buffer.byteLength(closed.reason)).toBeLessThanOrEqual(123);
      },
      keeps,
    );
  }

  law(target, 'an empty message ends the connection', async () => {
    // Other runs may have sent the same bytes: the good one behind it shows that this is not the end either way.
    const socket = await connectSigned(target, route);
    socket.send('');
    if (target.strict) await socket.ping().catch(() => undefined);
    else expect((await socket.untilClosed()).code).toBe(1006);
    socket.drop();
  });
}

function skipping(target: Target): void {
  law(
    target,
    'a message refused once is passed over when it comes again, and those behind it get through',
    async () => {
      const word = uniqueWord();
      const poison = JSON.stringify(eventLike({ event: `${word}.poison`, id: 'nope' }));
      const first = await connectSigned(target, route);
      first.send(poison);
      expect((await first.untilClosed()).code).toBe(1008);
      const second = await connectSigned(target, route);
      second.send(poison);
      sendAll(second, series(word, ['behind']));
      await second.ping();
      expect(namesOf(await untilFound(target, named(word), 1))).toEqual(['behind']);
      expect(second.isOpen).toBe(true);
      second.drop();
    },
    skips,
  );
}

function rejecting(target: Target): void {
  law(
    target,
    'a client that asks for rejects is told and keeps its connection',
    async () => {
      const word = uniqueWord();
      const socket = await connectSigned(target, route, true);
      socket.send(JSON.stringify(eventLike({ event: `${word}.bad`, id: 'nope' })));
      sendAll(socket, series(word, ['good']));
      await socket.ping();
      expect(parseFrame<InFrame>(await socket.next()).type).toBe('reject');
      await untilFound(target, named(word), 1);
      expect((await query(target, named(word))).total).toBe(1);
      socket.drop();
    },
    { ours: 'rejects are an opt-in of ours' },
  );
}
