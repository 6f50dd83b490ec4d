/** The log as a feed reads it, over a real journal. */
import { expect, test } from 'vitest';
import { nodeFiles } from '../../src/base/file-port.ts';
import { eventReader } from '../../src/feed/event-reader.ts';
import { framingOf } from '../../src/feed/frames.ts';
import { createSharedLog } from '../../src/feed/shared-log.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { append, clockStart, open, sent, withFolder } from '../journal/support.ts';

test('a reader at the end of an old epoch gets on to the mark, though the new epoch is still empty (I3)', () => {
  withFolder((folder) => {
    const before = open(folder);
    append(before, sent(1));
    before.commit();
    const oldHead = before.head;
    before.close();
    const journal = open(folder, { newEpoch: true }, nodeFiles, () => clockStart + 60_000);
    const mark = journal.head;
    expect(mark).toBeGreaterThan(oldHead);
    const { events, last } = eventReader(journal).read(oldHead + 1, 1000, mark);
    expect([...events]).toEqual([]);
    expect(last).toBe(mark);
    journal.close();
  });
});

test('what lies between two epochs, up to billions of seqs, costs a reader one step at most (I3)', () => {
  withFolder((folder) => {
    const before = open(folder);
    const old = [1, 2, 3].map((nth) => append(before, sent(nth)));
    before.commit();
    before.close();
    const dayLater = () => clockStart + 86_400_000;
    // Killed before its first event, and a third one a second later.
    open(folder, { newEpoch: true }, nodeFiles, dayLater).close();
    const journal = open(folder, { newEpoch: true }, nodeFiles, () => dayLater() + 1_000);
    const { firstSeq } = journal;
    expect(firstSeq - old[2]!).toBeGreaterThan(86_400 * 2 ** 20);
    const event = (seq: number) => ({ seqs: [seq], last: seq });
    const gap = { seqs: [], last: firstSeq - 1 };
    expect(steps(journal, old[1]!)).toEqual([event(old[2]!), gap]);
    const fresh = append(journal, sent(4));
    journal.commit();
    expect(steps(journal, old[0]!)).toEqual([event(old[1]!), event(old[2]!), event(fresh)]);
    expect(steps(journal, old[2]! + 5)).toEqual([event(fresh)]);
    journal.close();
  });
});

/** What a feed's reader is given on its way to the mark, at most five steps of it. */
function steps(journal: Journal, position: number) {
  const reader = createSharedLog(eventReader(journal), 1)('all', () => true, framingOf('plain'));
  const found: { seqs: number[]; last: number }[] = [];
  for (let last = position; last < journal.head && found.length < 5; ) {
    const stretch = reader.read(last + 1, journal.head);
    found.push({ seqs: stretch.matches.map(({ seq }) => seq), last: stretch.last });
    last = stretch.last;
  }
  return found;
}

test('whatever was read before, a reader gets the events from its position on, about as many bytes as it asked for', () => {
  withFolder((folder) => {
    const journal = open(folder);
    const texts = new Map<number, string>();
    for (let nth = 1; nth <= 900; nth += 1) {
      const event = sent(nth, nth % 700);
      texts.set(append(journal, event), event.raw);
    }
    journal.commit();
    const { head, firstSeq } = journal;
    const log = eventReader(journal);
    let state = 7;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    for (let round = 0; round < 2_000; round += 1) {
      const from = firstSeq + random(900);
      const upTo = from + random(head - from + 1);
      const bytesMax = 1 + random(20_000);
      const { events, last } = log.read(from, bytesMax, upTo);
      const got = [...events];
      expect(got.map(({ seq }) => seq)).toEqual(Array.from({ length: last - from + 1 }, (_, nth) => from + nth));
      expect(got.length).toBeGreaterThan(0);
      expect(last).toBeLessThanOrEqual(upTo);
      expect(got.every(({ seq, raw }) => raw === texts.get(seq))).toBe(true);
      const bytes = got.slice(0, -1).reduce((sum, { raw }) => sum + raw.length, 0);
      expect(bytes).toBeLessThan(bytesMax);
    }
    journal.close();
  });
});

test('what was read last is read from the journal once, eight chunks of it, the longest unused going first', () => {
  withFolder((folder) => {
    const journal = open(folder);
    const first = append(journal, sent(0, 60_000));
    for (let number = 1; number < 40; number += 1) append(journal, sent(number, 60_000));
    journal.commit();
    const reads: number[] = [];
    const reader = eventReader({
      epoch: journal.epoch,
      checkpoint: journal.checkpoint,
      oldest: journal.oldest,
      read(from, bytesMax, upTo, memory) {
        reads.push(from - first);
        return journal.read(from, bytesMax, upTo, memory);
      },
    });
    const mark = journal.head;
    const readAll = (): number[] => {
      const seqs: number[] = [];
      for (let from = first; from <= mark; ) {
        const { events, last } = reader.read(from, 1, mark);
        for (const { seq, raw } of events) {
          expect(raw).toBe(sent(seq - first, 60_000).raw);
          seqs.push(seq - first);
        }
        from = last + 1;
      }
      return seqs;
    };
    expect(readAll()).toEqual(Array.from({ length: 40 }, (_, at) => at));
    const chunks = reads.length;
    expect(chunks).toBeGreaterThan(8);
    reads.length = 0;
    // The newest is there; what is older than eight chunks is read again.
    reader.read(mark, 1, mark);
    expect(reads).toEqual([]);
    reader.read(first, 1, mark);
    expect(reads).toEqual([0]);
    reader.read(first, 1, mark);
    expect(reads).toEqual([0]);
    journal.close();
  });
});

test('a read that finds nothing takes no place among the chunks', () => {
  withFolder((folder) => {
    const journal = open(folder);
    const first = append(journal, sent(1));
    journal.commit();
    let reads = 0;
    const reader = eventReader({
      epoch: journal.epoch,
      checkpoint: journal.checkpoint,
      oldest: journal.oldest,
      read(...words) {
        reads += 1;
        return journal.read(...words);
      },
    });
    reader.read(first, 1, first);
    for (let nth = 0; nth < 20; nth += 1) expect([...reader.read(first + 1, 1, first + 9).events]).toEqual([]);
    reads = 0;
    expect([...reader.read(first, 1, first).events]).toHaveLength(1);
    expect(reads).toBe(0);
    journal.close();
  });
});

test('an event is decoded once for all who read about its place, and let go when they are two chunks further', () => {
  withFolder((folder) => {
    const journal = open(folder);
    const first = append(journal, sent(0, 60_000));
    for (let number = 1; number < 12; number += 1) append(journal, sent(number, 60_000));
    journal.commit();
    const reader = eventReader(journal);
    const eventAt = (seq: number) => [...reader.read(seq, 1, journal.head).events][0];
    const event = eventAt(first);
    expect(eventAt(first)).toBe(event);
    // A chunk has about three of them.
    eventAt(first + 5);
    expect(eventAt(first)).toBe(event);
    eventAt(first + 5);
    eventAt(first + 10);
    const again = eventAt(first);
    expect(again).not.toBe(event);
    expect(again?.raw).toBe(sent(0, 60_000).raw);
    journal.close();
  });
});
