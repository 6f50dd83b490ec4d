/**
 * The small parts that the journal finds its way with, each against a model of it: the sparse index, the files that are
 * held open, and what a rollback leaves of a group.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from '../../src/base/file-port.ts';
import {
  findRecords,
  holdsRecord,
  recordBytes,
  recordHeaderBytes,
  recordVersion,
  sealRecord,
} from '../../src/base/record.ts';
import { FileCache } from '../../src/journal/file-cache.ts';
import { recordKinds } from '../../src/journal/record-kinds.ts';
import { SparseIndex, strideBytes } from '../../src/journal/sparse-index.ts';
import { append, noReceipt, open, put, readAll, rowOf, sent, withFolder } from './support.ts';

describe('the sparse index', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 30, max: 9_000 }), fc.constantFrom(strideBytes, 3 * strideBytes)), {
    minLength: 1,
    maxLength: 60,
  });

  it('begins less than two strides before the record that is looked for, and ends behind it', () => {
    fc.assert(
      fc.property(sizes, fc.nat(500), (recordBytes, start) => {
        const index = new SparseIndex(start);
        const offsets: number[] = [];
        let offset = start;
        for (const [at, bytes] of recordBytes.entries()) {
          index.note(1 + at, offset);
          offsets.push(offset);
          offset += bytes;
        }
        const end = offset;
        // It is sparse: one place a stride.
        const places = new Set(recordBytes.map((_, at) => index.floor(1 + at)));
        expect(places.size).toBeLessThanOrEqual(1 + (end - start) / strideBytes);
        for (const [at, bytes] of recordBytes.entries()) {
          const floor = index.floor(1 + at);
          const begins = offsets[at]!;
          expect(floor).toBeLessThanOrEqual(begins);
          // The record that spans a stride is noted only behind it.
          const before = Math.max(0, ...recordBytes.slice(0, at));
          expect(begins - floor).toBeLessThan(strideBytes + Math.max(before, 1));
          expect(floor === start || offsets.includes(floor)).toBe(true);
          const ceiling = index.ceiling(1 + at) ?? end;
          expect(ceiling).toBeGreaterThanOrEqual(begins + bytes);
          expect(ceiling === end || offsets.includes(ceiling)).toBe(true);
          expect(ceiling - begins - bytes).toBeLessThan(strideBytes + Math.max(...recordBytes));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('files that are held open', () => {
  it('are the eight used last, each opened once while it is among them, and closed when it is not', () => {
    type Step = { readonly path: number; readonly isDrop: boolean };
    const step: fc.Arbitrary<Step> = fc.record({ path: fc.nat(11), isDrop: fc.nat(9).map((dice) => dice === 0) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const open = new Map<number, string>();
        let next = 1;
        const cache = new FileCache({
          ...nodeFiles,
          open: (path) => {
            open.set(next, path);
            return next++;
          },
          close: (file) => expect(open.delete(file)).toBe(true),
        });
        let used: string[] = [];
        for (const { path, isDrop } of steps) {
          const name = `f${path}`;
          used = used.filter((other) => other !== name);
          if (isDrop) cache.drop(name);
          else {
            used = [...used, name].slice(-8);
            expect(open.get(cache.get(name))).toBe(name);
          }
          expect([...open.values()].sort()).toEqual(used.toSorted());
        }
        cache.close();
        expect(open.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

describe('what is taken back', () => {
  it('leaves no trace: what is appended in its place is found from every seq, however long the events are', () => {
    const paddings = fc.array(fc.constantFrom(0, 4_000, 12_000), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(paddings, paddings, fc.nat(8), (first, second, keptMax) => {
        withFolder((folder) => {
          const journal = open(folder);
          put(journal, 1);
          const kept = Math.min(keptMax, first.length);
          const written = [sent(0).raw];
          const add = (events: readonly number[], from: number): void => {
            for (const [at, padding] of events.entries()) {
              const event = sent(from + at, padding);
              append(journal, event);
              expect(journal.lastRow().toString().endsWith(`\t${event.raw}`)).toBe(true);
              if (from > 100 || at < kept) written.push(event.raw);
            }
          };
          add(first, 100);
          journal.rollBack(journal.head + kept);
          add(second, 200);
          journal.commit();
          expect([...readAll(journal, 1).values()]).toEqual(written);
          for (let seq = journal.firstSeq; seq <= journal.head; seq += 1) {
            expect(journal.read(seq, 1, journal.head)).toMatchObject({ first: seq });
          }
          journal.close();
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('a parked event that is taken back', () => {
  it('leaves no trace either: the event that takes its place is found', () => {
    withFolder((folder) => {
      const journal = open(folder);
      const row = (number: number, padding: number) => rowOf({ ...sent(number, padding), head: 1 });
      const parked = journal.park(row(1, 12_000), noReceipt);
      append(journal, sent(2));
      journal.rollBack(journal.head, parked - 1);
      const events = [3, 4, 5].map((number) => sent(number, 12_000));
      for (const event of events) append(journal, event);
      journal.commit();
      for (const [at, event] of events.entries()) {
        const seq = journal.firstSeq + at;
        expect(journal.read(seq, 1, seq).rows.toString().endsWith(`\t${event.raw}\n`)).toBe(true);
      }
      journal.close();
    });
  });
});

describe('whole records among garbage', () => {
  it('are all found, also behind what looks like the beginning of a longer one', () => {
    const payload = fc.uint8Array({ maxLength: 40 });
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 50 }),
      // As a header: a size, a checksum, a kind, the version, two zeros, a seq.
      fc.integer({ min: 0, max: 100_000 }).map((size) => {
        const bytes = Buffer.alloc(20);
        bytes.writeUInt32LE(size);
        bytes.writeUInt8(1, 8);
        bytes.writeUInt8(recordVersion, 9);
        return new Uint8Array(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(garbage, payload), { maxLength: 8 }), (parts) => {
        const places: number[] = [];
        let bytes = Buffer.alloc(0);
        for (const [at, [before, content]] of parts.entries()) {
          const record = Buffer.concat([Buffer.alloc(recordHeaderBytes), content]);
          sealRecord(record, 0, recordKinds.event, at + 1, content.length);
          places.push(bytes.length + before.length);
          bytes = Buffer.concat([bytes, before, record]);
        }
        const found = [...findRecords(bytes)];
        // Garbage may hold a record by chance, never hide one.
        for (const place of places) expect(found).toContain(place);
        for (const place of found) expect(recordBytes(bytes, place, bytes.length)).toBeGreaterThan(0);
        expect(holdsRecord(bytes)).toBe(found.length > 0);
      }),
      { numRuns: 300 },
    );
  });
});
