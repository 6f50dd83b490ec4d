/**
 * I5: what a page of history held of the budget is given back when it is written, and all of it when the reader goes.
 */
import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { framingOf } from '../../src/feed/frames.ts';
import { writeHistory } from '../../src/feed/history-pipe.ts';
import { createPageBudget } from '../../src/feed/page-budget.ts';
import { createSocketRoom } from '../../src/feed/socket-room.ts';

const pageBytes = 1_000;

function pipeOf(pages: number) {
  const sent: string[] = [];
  const heldAtRead: number[] = [];
  const socket = {
    send: (frame: string | Uint8Array) => sent.push(Buffer.from(frame).toString()),
    cork: (write: () => void) => write(),
    bufferedBytes: () => 0,
    subscribe: () => undefined,
    unsubscribe: () => undefined,
  };
  const budget = createPageBudget(100_000_000);
  const noted: number[] = [];
  const counters = { delivered: 0 };
  const history$ = writeHistory(
    {
      ...{
        socket,
        room: createSocketRoom(socket),
        framing: framingOf('plain'),
        pages: budget,
        counters,
        holdMs: 60_000,
      },
      store: { whenReady: async () => undefined },
      signal: new AbortController().signal,
      note: ({ seq }) => noted.push(seq),
      read: async (behind) => {
        const nth = Number(behind?.id ?? 0) + 1;
        heldAtRead.push(budget.heldBytes);
        const place = { occurred: '', id: String(nth) };
        const rows = [{ seq: nth, raw: `{"n":${nth}}`, ...place }];
        const slice = Object.assign(rows, { last: place });
        const next = nth < pages ? place : null;
        return { slices: [slice], rows: 1, bytes: pageBytes, next, spanMicros: null };
      },
    },
    null,
  );
  return { history$, sent, noted, counters, budget, heldAtRead };
}

it('holds at most two pages at a time, and nothing at its end', async () => {
  const { history$, sent, noted, counters, budget, heldAtRead } = pipeOf(8);
  await lastValueFrom(history$, { defaultValue: null });
  expect(sent).toEqual(Array.from({ length: 8 }, (_, at) => `{"type":"event","event":{"n":${at + 1}}}`));
  expect([noted.length, counters.delivered, budget.heldBytes]).toEqual([8, 8, 0]);
  // What is asked for is held until it is known to be less; of what was read only the page that is being written.
  const asked = heldAtRead.map((held) => held % (512 * 1024));
  expect(asked.slice(1).every((held) => held === pageBytes)).toBe(true);
});

it('gives all back when its reader goes in the middle', async () => {
  const { history$, budget, sent } = pipeOf(1_000);
  const reading = history$.subscribe();
  while (sent.length < 5) await new Promise((resolve) => setImmediate(resolve));
  expect(budget.heldBytes).toBeGreaterThan(0);
  reading.unsubscribe();
  expect(budget.heldBytes).toBe(0);
});
