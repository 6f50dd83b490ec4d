/**
 * A row is read as it was written, and what is told of rows where they lie in a chunk is what their columns say (I2).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatRow,
  idAt,
  isOfSameDay,
  linesOf,
  type Row,
  receivedMsOf,
  receivedOf,
  seqOf,
  splitRow,
  withoutSeqs,
} from '../../src/event-log/row.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\u001f', '0'), maxLength: 5 });

describe('a row', () => {
  it('is read as it was written, with and without its line feed, and nothing else is read as one', () => {
    const row = fc.record({
      ...{ seq: fc.nat(), id: text, received: text, occurred: text, head: fc.nat(), search: text },
      // JSON escapes a tab, but whoever reads a row must not depend on it.
      raw: fc.string({ unit: fc.constantFrom('a', '\t', '"'), maxLength: 5 }),
    });
    fc.assert(
      fc.property(row, (written) => {
        const line = formatRow(written);
        expect(splitRow(line)).toEqual(written);
        expect(splitRow(line.slice(0, -1))).toEqual(written);
        expect([seqOf(line), seqOf(line.slice(0, -1))]).toEqual([written.seq, written.seq]);
      }),
    );
    for (let tabs = 0; tabs < 6; tabs += 1)
      expect(() => splitRow('\t'.repeat(tabs))).toThrow('fewer than seven columns');
  });
});

describe('rows in a chunk', () => {
  // Few days and hours, so that two rows are often of one day, and of one hour on two days.
  const time = fc
    .record({ day: fc.constantFrom(0, 1, 31), hour: fc.constantFrom(0, 23), ms: fc.nat(999), micros: fc.nat(999) })
    .map(({ day, hour, ms, micros }) => {
      const date = new Date(Date.UTC(2026, 10, 1 + day, hour, 0, 0, ms));
      return `${date.toISOString().slice(0, 23).replace('T', ' ')}${String(micros).padStart(3, '0')}`;
    });
  const rows = fc
    .array(fc.record({ gap: fc.nat(1_000), id: fc.uuid(), received: time, search: text }), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => {
      let seq = 0;
      return parts.map(({ gap, ...row }): Row => {
        seq += 1 + gap;
        return { seq, ...row, occurred: '2026-11-22 10:00:00.000000', head: 2, raw: '{"é":"\\t"}' };
      });
    });
  const chunkOf = (all: readonly Row[]): Buffer => Buffer.from(all.map(formatRow).join(''));

  it('tell their ids, days and times of receipt where they lie', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const chunk = chunkOf(all);
        const starts = all.map((_, at) => chunkOf(all.slice(0, at)).length);
        for (const [at, { id, received }] of all.entries()) {
          const idStart = idAt(chunk, starts[at]!);
          expect(chunk.toString('latin1', idStart, idStart + id.length)).toBe(id);
          for (const [other, { received: otherReceived }] of all.entries()) {
            const isSame = received.slice(0, 10) === otherReceived.slice(0, 10);
            expect(isOfSameDay(chunk, starts[at]!, starts[other]!)).toBe(isSame);
          }
        }
        const [first] = all;
        expect(receivedOf(chunk)).toBe(first?.received);
        expect(receivedMsOf(chunk)).toBe(Date.parse(`${first?.received.slice(0, 23).replace(' ', 'T')}Z`));
      }),
    );
  });

  it('are the lines of the chunk, each of which tells its seq', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const lines = linesOf(chunkOf(all));
        expect(lines.map(splitRow)).toEqual(all);
        expect(lines.map(seqOf)).toEqual(all.map(({ seq }) => seq));
      }),
    );
    expect(linesOf(Buffer.alloc(0))).toEqual([]);
  });

  it('without some are the others, byte for byte, the last one also where it has no line feed', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), fc.boolean(), (all, left, isCut) => {
        const seqs = new Set(all.filter((_, at) => left[at]).map(({ seq }) => seq));
        const kept = chunkOf(all.filter((_, at) => !left[at])).toString();
        const chunk = isCut ? chunkOf(all).subarray(0, -1) : chunkOf(all);
        const expected = isCut && !left[all.length - 1] ? kept.slice(0, -1) : kept;
        expect(withoutSeqs(chunk, seqs).toString()).toBe(expected);
      }),
    );
  });
});
