/**
 * What waits for its acknowledgement, against a plain model: whatever acks, rejects and breaks come, each event is
 * answered exactly once, in the order sent, and what was not answered is sent again.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RejectedError } from '../../client/src/errors.ts';
import { Outbox } from '../../client/src/outbox.ts';
import { Saver } from '../../client/src/saver.ts';
import { splitEvents } from '../../client/src/split-events.ts';

type Move = { readonly kind: 'add' | 'send' | 'ack' | 'reject' | 'break'; readonly share: number };

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('add', 'add', 'send', 'send', 'ack', 'reject', 'break'),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 150 },
);

it('answers each event once, sends the unanswered again after a break, and counts bytes right', () => {
  fc.assert(
    fc.property(moves, (all) => {
      const answers = new Map<number, (Error | null)[]>();
      const outbox = new Outbox({ bytesMax: 1e9, onReject: () => undefined });
      let added = 0;
      /** Of this connection. */
      let wire: number[] = [];
      let acked = 0;
      for (const { kind, share } of all) {
        if (kind === 'add') {
          const nth = added++;
          answers.set(nth, []);
          outbox.add({ nth } as never, 'x'.repeat(nth % 7), (error) => answers.get(nth)?.push(error));
        } else if (kind === 'send') {
          const entry = outbox.next();
          if (entry !== null) wire.push((entry.event as unknown as { nth: number }).nth);
        } else if (kind === 'ack' && wire.length > acked) {
          acked += Math.ceil((wire.length - acked) * share);
          outbox.acknowledge(acked);
        } else if (kind === 'reject' && wire.length > acked) {
          const message = acked + 1 + Math.floor((wire.length - acked - 1) * share);
          outbox.reject(message, 'badEvent', 'bad');
        } else if (kind === 'break') {
          outbox.rewind();
          const open = wire.filter((nth) => answers.get(nth)?.length === 0);
          wire = [];
          acked = 0;
          const again: number[] = [];
          for (const nth of open) {
            const entry = outbox.next();
            again.push((entry as unknown as { event: { nth: number } }).event.nth);
            wire.push(nth);
          }
          expect(again).toEqual(open);
        }
        expect([...answers.values()].every((given) => given.length <= 1)).toBe(true);
      }
      while (outbox.hasUnsent) {
        outbox.next();
        wire.push(-1);
      }
      outbox.acknowledge(wire.length);
      expect([...answers.values()].every((given) => given.length === 1)).toBe(true);
      expect(outbox.bytes).toBe(0);
      expect(outbox.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});

it('gives room in the order in which it was asked for, within its bound', () => {
  const outbox = new Outbox({ bytesMax: 10, onReject: () => undefined });
  const started: number[] = [];
  for (let nth = 0; nth < 20; nth += 1) {
    outbox.whenRoom(() => {
      started.push(nth);
      outbox.add({} as never, 'xxxx', null);
    });
  }
  expect(started).toEqual([0, 1, 2]);
  let sent = 0;
  while (outbox.size > 0) {
    while (outbox.next() !== null) sent += 1;
    outbox.acknowledge(sent);
    expect(outbox.bytes).toBeLessThanOrEqual(12);
  }
  expect(started).toEqual(Array.from({ length: 20 }, (_, nth) => nth));
});

it('leaves nothing unanswered when it gives up, and says of what was sent that it is unknown', async () => {
  const told: string[] = [];
  const outbox = new Outbox({ bytesMax: 100, onReject: (_, { failure }) => told.push(failure) });
  const settle = (error: Error | null): void => void told.push((error as RejectedError).failure);
  outbox.add({} as never, 'a', settle);
  outbox.next();
  outbox.add({} as never, 'b', null);
  const flushed = outbox.flushed();
  outbox.giveUp('closed', 'closed');
  await flushed;
  expect(told).toEqual(['unknown', 'closed']);
});

it('saves checkpoints one at a time, the newest last, and resolves only when it or a newer one is saved', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), async (s, saves) => {
      const saved: number[] = [];
      let underWay = 0;
      const saver = new Saver({
        load: async () => null,
        async save(checkpoint) {
          underWay += 1;
          expect(underWay).toBe(1);
          await s.schedule(Promise.resolve());
          saved.push(Number(checkpoint));
          underWay -= 1;
        },
      });
      const waits: Promise<void>[] = [];
      for (const [nth, isAwaited] of saves.entries()) {
        if (isAwaited)
          waits.push(
            saver.save({ checkpoint: String(nth) }).then(() => expect(saved.at(-1)).toBeGreaterThanOrEqual(nth)),
          );
        else saver.note({ checkpoint: String(nth) });
        if (nth % 3 === 0) await Promise.resolve();
      }
      await s.waitFor(Promise.all([...waits, saver.settled()]));
      expect(saved.at(-1)).toBe(saves.length - 1);
      expect(saved).toEqual(saved.toSorted((a, b) => a - b));
    }),
    { numRuns: 100 },
  );
});

it('cuts the texts of a page out as they stand, whatever their strings hold', () => {
  const value = fc.jsonValue().map((json) => ({ a: json, '}]"\\': ['{', 1.5] }));
  fc.assert(
    fc.property(fc.array(value), fc.constantFrom(undefined, 1), (events, indent) => {
      const page = JSON.stringify({ events, total: events.length, next_page: null }, null, indent);
      expect(splitEvents(page).map((text) => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(events)));
    }),
  );
});
