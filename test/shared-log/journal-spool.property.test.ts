/** A spool gives back what the journal has, with tags and origins, in chunks of any size, and only what is kept. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowMark } from '../../src/shared-log/block.ts';
import { JournalSpool } from '../../src/shared-log/journal-spool.ts';
import { PowerCutDisk } from '../journal/power-cut-disk.ts';
import { open } from '../journal/support.ts';
import { marksOf, rowOf, type SpooledEvent, spooledEvent } from './rows.ts';

function spoolWith(groups: readonly (readonly SpooledEvent[])[], durability: 'process' | 'fsync' = 'process') {
  const disk = new PowerCutDisk('/data');
  const journal = open('/data', { segmentBytesMax: 3_000, durability }, disk);
  for (const group of groups) {
    for (const event of group) {
      const row = Buffer.from(rowOf(journal.appended + 1, event));
      const source = { rowBytesMax: row.length, writeRow: (into: Buffer, at: number) => at + row.copy(into, at) };
      journal.append(source, { received: '', column: '' }, event.tag, event.isFromPrefect);
    }
    journal.commit();
  }
  return { disk, journal, spool: new JournalSpool(journal) };
}

describe('a spool', () => {
  it('gives all rows in their order, with what is kept beside them', () => {
    const groups = fc.array(fc.array(spooledEvent(100), { minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4_000 }), (sent, rows, bytes) => {
        const { spool, journal } = spoolWith(sent);
        const events = sent.flat();
        const texts: string[] = [];
        const marks: RowMark[] = [];
        for (let from = spool.oldest; from <= spool.head; ) {
          const chunk = spool.read(from, rows, bytes);
          const before = texts.length;
          expect(chunk.ends.length).toBeGreaterThan(0);
          expect(chunk.ends.length).toBeLessThanOrEqual(rows);
          expect(chunk.last).toBe(from + chunk.ends.length - 1);
          if (chunk.ends.length > 1) expect(chunk.rows.length).toBeLessThanOrEqual(bytes);
          texts.push(...chunk.ends.map((end, at) => chunk.rows.toString('utf8', chunk.ends[at - 1] ?? 0, end)));
          marks.push(...chunk.marks.map((mark) => ({ ...mark, nth: before + mark.nth })));
          from = chunk.last + 1;
        }
        expect(texts).toEqual(events.map((event, at) => rowOf(journal.firstSeq + at, event)));
        expect(marks).toEqual(marksOf(events));
      }),
      { numRuns: 300 },
    );
  });

  it('holds back what a failing disk may still take', async () => {
    const event = { nth: 1, text: '', hasFraction: false, tag: 0, isFromPrefect: false };
    const { spool, journal, disk } = spoolWith([[event]], 'fsync');
    expect(spool.head).toBe(journal.firstSeq - 1);
    disk.endSyncs();
    await new Promise(setImmediate);
    expect(spool.head).toBe(journal.firstSeq);
  });
});
