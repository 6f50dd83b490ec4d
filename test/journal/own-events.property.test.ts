/**
 * Events that a Prefect server handed on are told from all others, over restarts too, and what is still wanted by the
 * forwarder stays in the journal.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoggedEvent } from '../../src/event-log/logged-event.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { noReceipt, open, readAll, rowOf, sent, tagOf, withFolder } from './support.ts';

const eventArbitrary = fc.record({
  isFromPrefect: fc.boolean(),
  /** It may be a repeat; given a seq at once, or after a restart. */
  isParked: fc.boolean(),
  padding: fc.integer({ min: 0, max: 400 }),
});
const groups = fc.array(fc.array(eventArbitrary, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 });

function rowOfNumber(number: number, padding: number) {
  const event = sent(number, padding);
  return { source: rowOf({ ...event, head: 3 }), tag: tagOf(event) };
}

function readOwn(journal: Journal, bytesMax: number): number[] {
  const seqs: number[] = [];
  for (let from = journal.oldest; from <= journal.head; ) {
    const last = journal.readOwn(from, bytesMax, journal.head, (rows, at, end) => {
      seqs.push(new LoggedEvent(rows, at, end).seq);
    });
    expect(last).toBeGreaterThanOrEqual(from);
    from = last + 1;
  }
  return seqs;
}

describe('events that a Prefect server handed on', () => {
  it('are passed over by the forwarder and read by everybody else, before and after a restart', () => {
    const law = fc.property(groups, fc.integer({ min: 1, max: 3_000 }), (sentGroups, bytesMax) => {
      withFolder((folder) => {
        const options = { segmentBytesMax: 3_000 };
        const journal = open(folder, options);
        const [own, all, watched]: [number[], number[], number[]] = [[], [], []];
        journal.watchOwn((rows, at, end) => watched.push(new LoggedEvent(rows, at, end).seq));
        for (const group of sentGroups) {
          for (const { isFromPrefect, isParked, padding } of group) {
            const { source, tag } = rowOfNumber(all.length + 1, padding);
            const parked = isParked ? journal.park(source, noReceipt, tag, isFromPrefect) : null;
            const seq =
              parked === null
                ? journal.append(source, noReceipt, tag, isFromPrefect)
                : journal.unpark(parked, source, noReceipt, tag, isFromPrefect);
            all.push(seq);
            if (!isFromPrefect) own.push(seq);
          }
          journal.commit();
        }
        expect([readOwn(journal, bytesMax), watched]).toEqual([own, own]);
        expect([...readAll(journal).keys()]).toEqual(all);
        journal.close();
        const again = open(folder, options);
        expect(readOwn(again, bytesMax)).toEqual(own);
        expect([...readAll(again).keys()]).toEqual(all);
        again.close();
      });
    });
    fc.assert(law, { numRuns: 60 });
  });

  it('are known as such while they are parked, after a restart too', () => {
    const law = fc.property(fc.array(eventArbitrary, { minLength: 1, maxLength: 8 }), (events) => {
      withFolder((folder) => {
        const journal = open(folder);
        for (const [number, { isFromPrefect, padding }] of events.entries()) {
          const { source, tag } = rowOfNumber(number, padding);
          journal.park(source, noReceipt, tag, isFromPrefect);
        }
        journal.commit();
        journal.close();
        const again = open(folder);
        const found = again.parked.takeRows().map(({ isFromPrefect = false, tag }) => ({ isFromPrefect, tag }));
        const wanted = events.map(({ isFromPrefect }, number) => ({ isFromPrefect, tag: tagOf(sent(number)) }));
        expect(found).toEqual(wanted);
        again.close();
      });
    });
    fc.assert(law, { numRuns: 40 });
  });
});

describe('what is to be forwarded', () => {
  it('stays though ClickHouse has it, and the refusal for want of room names Prefect', () => {
    withFolder((folder) => {
      const journal = open(folder, { budgetBytesMax: 20_000, segmentBytesMax: 4_000 });
      const { firstSeq } = journal;
      journal.holdFrom(firstSeq);
      const fill = (): void => {
        for (let number = 0; ; number += 1) {
          const { source, tag } = rowOfNumber(number, 100);
          journal.append(source, noReceipt, tag);
          journal.commit();
          journal.advanceCheckpoint(journal.head);
          journal.trim();
        }
      };
      expect(fill).toThrow(/forwarded to Prefect; send again when they are/);
      expect(journal.oldest).toBe(firstSeq);
      const { head } = journal;
      journal.holdFrom(head);
      const { source, tag } = rowOfNumber(0, 100);
      journal.append(source, noReceipt, tag);
      expect(journal.oldest).toBeGreaterThan(firstSeq);
      expect(journal.readOwn(head, 1, head, () => undefined)).toBe(head);
      journal.close();
    });
  });
});
