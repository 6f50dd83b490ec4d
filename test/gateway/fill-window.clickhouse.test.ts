/** The ids before a replica, from ClickHouse: as the window of a gateway is that has applied all of it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isTaken } from '../../src/event-log/taken-id.ts';
import { wholeSeconds } from '../../src/filter/whole-seconds.ts';
import { fillWindow } from '../../src/gateway/fill-window.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { letGoOld } from '../../src/shared-log/replica-window.ts';
import type { DeadEvent } from '../../src/table-writer/ports.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { rowLines } from '../../support/rows.ts';

const hourMs = 3_600_000;
const idsMs = 12 * hourMs;
const seqsPerSecond = 2 ** 20;

interface Event {
  readonly seq: number;
  readonly id: string;
  readonly received: string;
  readonly occurred: string;
}

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1).replace('T', ' ')}000`;

describe('the ids before a replica', () => {
  let engine: TestStore;
  const now = Date.now();
  /** Each test has an epoch of its own, one above the other. */
  let epochs = 0;

  beforeAll(async () => {
    engine = await startTestStore();
  }, 120_000);
  afterAll(() => engine?.stop());

  function epochAt(agoMs: number): number {
    epochs += 1;
    return Math.floor((now - agoMs) / 1000 + epochs) * seqsPerSecond + 1;
  }

  /** Events that came evenly over so long, of which some occurred long before, and a few later. */
  function events(firstSeq: number, count: number, overMs: number): Event[] {
    return Array.from({ length: count }, (_, nth) => {
      const received = now - overMs + Math.floor((nth * overMs) / count);
      const occurred = nth % 10 === 3 ? received + 5 * hourMs : received - (nth % 7) * 1000;
      return { seq: firstSeq + nth, id: randomUUID(), received: time(received), occurred: time(occurred) };
    });
  }

  async function store(rows: readonly Event[]): Promise<void> {
    const days = new Map<string, Event[]>();
    for (const row of rows) {
      const day = row.received.slice(0, 10);
      days.set(day, [...(days.get(day) ?? []), row]);
    }
    for (const [day, some] of days) await engine.store.insertRows(rowLines(some), `${some[0]?.seq}:${day}`);
  }

  function applied(rows: readonly Event[], idsMax: number): { window: IdWindow; forgotten: ForgottenIds } {
    const forgotten = new ForgottenIds();
    const window = new IdWindow({ idsMax, checkpoint: () => Number.POSITIVE_INFINITY, forgotten });
    for (const { id, seq, received, occurred } of rows) {
      letGoOld(window, wholeSeconds(received), { idsMax, idsMs });
      window.add(id, seq, wholeSeconds(received), wholeSeconds(occurred));
    }
    return { window, forgotten };
  }

  function filled(firstSeq: number, upTo: number, idsMax: number, lying: readonly Event[] = []) {
    const dead = {
      among: async (isWanted: (seq: number) => boolean) =>
        new Map(lying.filter(({ seq }) => isWanted(seq)).map((event) => [event.seq, deadOf(event)])),
    };
    return fillWindow({
      store: engine.store,
      dead,
      firstSeq,
      upTo,
      idsMax,
      idsMs,
      signal: new AbortController().signal,
    });
  }

  const deadOf = (event: Event): DeadEvent => ({
    ...{ seq: event.seq, epoch: 'e', at: '', reason: '' },
    row: rowLines([event]).toString('utf8').slice(0, -1),
  });

  const inside = (window: IdWindow): object[] => {
    const found: object[] = [];
    window.visit(0, Number.MAX_SAFE_INTEGER, ({ words, at, seq, received, aheadMinute }) =>
      found.push({ words: [...words.subarray(at, at + 4)], seq, received, aheadMinute }),
    );
    return found;
  };

  it.each([
    ['fewer than the window has', 300, hourMs, 1_000],
    ['more than the window has', 3_000, hourMs, 1_000],
    ['more than twelve hours of them', 3_000, 30 * hourMs, 5_000],
  ])('are those of a window that has seen all: %s', async (_what, count, overMs, idsMax) => {
    const firstSeq = epochAt(overMs);
    const rows = events(firstSeq, count, overMs);
    await store(rows);
    for (const last of [count - 1, count - 2, count - 41]) {
      const { window, forgotten } = await filled(firstSeq, firstSeq + last, idsMax);
      const whole = applied(rows.slice(0, last + 1), idsMax);
      expect(inside(window)).toEqual(inside(whole.window));
      // Which label was forced nobody knows any more: none is another's.
      expect(isTaken(7, window.tagOf(rows[last]?.id ?? ''), String)).toBe(false);
      const known = new ForgottenIds();
      known.merge(forgotten);
      // Of what ever left nothing counts as new.
      const left = rows.slice(0, last + 1).filter(({ id }) => window.seqOf(id) === null);
      expect(left.filter(({ occurred }) => !known.mayHold(wholeSeconds(occurred)))).toEqual([]);
      expect(known.mayHold(Math.floor(now / 1000) + 9 * 3_600)).toBe(false);
    }
  });

  it('are those of the dead letter too, wherever in the window they stand, and one that was replayed meanwhile', async () => {
    for (const [idsMax, overMs] of [
      [1_000, hourMs],
      [5_000, 30 * hourMs],
    ] as const) {
      const firstSeq = epochAt(overMs);
      const rows = events(firstSeq, 1_500, overMs);
      const isDead = (nth: number): boolean => nth % 100 === 0 || nth > 1_490 || nth === 501;
      await store(rows.filter((_, nth) => !isDead(nth)));
      const lying = rows.filter((_, nth) => isDead(nth) || nth === 700);
      const { window } = await filled(firstSeq, firstSeq + 1_499, idsMax, lying);
      expect(inside(window)).toEqual(inside(applied(rows, idsMax).window));
      await expect(filled(firstSeq, firstSeq + 1_499, idsMax, lying.slice(0, -1))).rejects.toThrow(
        'nor in the dead letter',
      );
    }
  });

  it('know of what left for the dead letter: the last of the epoch before, and one that occurred ahead', async () => {
    const before = epochAt(hourMs / 2);
    const poison = events(before, 10, hourMs / 2);
    const aside = { ...poison[9]!, received: time(now + 60_000), occurred: time(now + 7 * hourMs) };
    await store(poison.slice(0, 9));
    const epoch = epochAt(0);
    const ended = await filled(epoch, epoch - 1, 1_000, [aside]);
    expect(ended.window.size).toBe(0);
    expect(ended.forgotten.upTo).toBeGreaterThanOrEqual(wholeSeconds(aside.received));
    const firstSeq = epochAt(hourMs / 2);
    const rows = events(firstSeq, 3_000, hourMs / 2);
    const gone = { ...rows[5]!, occurred: time(now + 8 * hourMs) };
    await store(rows.filter(({ seq }) => seq !== gone.seq));
    const { window, forgotten } = await filled(firstSeq, firstSeq + 2_999, 1_000, [aside, gone]);
    expect([window.size, window.seqOf(gone.id)]).toEqual([1_000, null]);
    const known = new ForgottenIds();
    known.merge(forgotten);
    expect([aside, gone].map(({ occurred }) => known.mayHold(wholeSeconds(occurred)))).toEqual([true, true]);
    expect(known.mayHold(Math.floor(now / 1000) + 9 * 3_600)).toBe(false);
  });

  it('are not guessed where an event is missing, the oldest and the newest too', async () => {
    for (const gone of [0, 250, 299]) {
      const firstSeq = epochAt(hourMs / 2);
      await store(events(firstSeq, 300, hourMs / 2).filter((_, nth) => nth !== gone));
      await expect(filled(firstSeq, firstSeq + 299, 1_000)).rejects.toThrow(
        `Event ${firstSeq + gone} of the shared log`,
      );
    }
    const firstSeq = epochAt(hourMs / 2);
    await store(events(firstSeq, 3_000, hourMs / 2).filter((_, nth) => nth !== 2_000));
    await expect(filled(firstSeq, firstSeq + 2_999, 1_000)).rejects.toThrow('is neither in ClickHouse');
    expect((await filled(firstSeq, firstSeq + 2_999, 900)).window.size).toBe(900);
  });

  it('are none before the first event, and in a store that has none of them any more', async () => {
    const firstSeq = epochAt(48 * hourMs);
    expect((await filled(firstSeq, firstSeq - 1, 1_000)).window.size).toBe(0);
    expect((await filled(firstSeq, firstSeq + 50, 1_000)).window.size).toBe(0);
  });
});
