/**
 * Rows of an answer of ClickHouse are read where they lie, each as it was written, whatever blocks they come in; what
 * fills the page is the last one taken; and nothing of another form is taken for a row.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoredRows } from '../../src/history/stored-rows.ts';

interface Written {
  readonly seq: number;
  readonly id: string;
  readonly occurred: string;
  readonly raw: string;
}

const row: fc.Arbitrary<Written> = fc.record({
  seq: fc.oneof(fc.nat(9), fc.maxSafeNat()),
  id: fc.uuid(),
  occurred: fc.nat(999_999).map((micros) => `2026-11-16 00:00:01.${String(micros).padStart(6, '0')}`),
  raw: fc.string({ unit: fc.constantFrom('a', 'é', '€', '"', ' '), maxLength: 12 }),
});

function line({ seq, id, occurred, raw }: Written): string {
  return `${seq}\t${id}\t${occurred}\t${raw}\n`;
}

function readAll(rows: StoredRows): Written[] {
  return Array.from(rows, ({ seq, id, occurred, raw }) => ({ seq, id, occurred, raw: raw.toString() }));
}

describe('stored rows', () => {
  it('are those that were written, up to the one that fills the page by count or by bytes', () => {
    const blocks = fc.array(fc.array(row, { minLength: 1, maxLength: 5 }), { maxLength: 4 });
    fc.assert(
      fc.property(
        blocks,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 900 }),
        (written, rowsMax, bytesMax) => {
          const rows = new StoredRows();
          expect([rows.bytes, rows.last]).toEqual([0, null]);
          const wanted: Written[] = [];
          let bytes = 0;
          for (const block of written) {
            const room = { rows: rowsMax - wanted.length, bytes: bytesMax - bytes };
            if (room.rows <= 0 || room.bytes <= 0) break;
            const taken = rows.add(Buffer.from(block.map(line).join('')), room.rows, room.bytes);
            const before = { rows: wanted.length, bytes };
            for (const one of block) {
              if (wanted.length >= rowsMax || bytes >= bytesMax) break;
              wanted.push(one);
              bytes += Buffer.byteLength(line(one));
            }
            expect(taken).toEqual({ rows: wanted.length - before.rows, bytes: bytes - before.bytes });
          }
          expect(rows.bytes).toBe(bytes);
          expect(readAll(rows)).toEqual(wanted);
          const last = wanted.at(-1);
          expect(rows.last).toEqual(last === undefined ? null : { occurred: last.occurred, id: last.id });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('take nothing of a block where there is no room', () => {
    const rows = new StoredRows();
    const block = Buffer.from(
      line({ seq: 1, id: crypto.randomUUID(), occurred: '2026-11-16 00:00:01.000000', raw: '{}' }),
    );
    expect(rows.add(block, 0, 100)).toEqual({ rows: 0, bytes: 0 });
    expect(rows.add(block, 1, 0)).toEqual({ rows: 0, bytes: 0 });
    expect([readAll(rows), rows.last]).toEqual([[], null]);
  });

  it('are framed in their place: head, text and one byte, and the rows around stay as they are', () => {
    const head = Buffer.from('{"event":');
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (written) => {
        const rows = new StoredRows();
        rows.add(Buffer.from(written.map(line).join('')), 100, 1_000_000);
        const framed = Array.from(rows, ({ seq, id, raw }) => {
          if (typeof raw === 'string') throw new Error('A text');
          const { length } = raw;
          return { seq, id, length, text: Buffer.from(raw.framed(head, 0x7d)).toString() };
        });
        expect(framed).toEqual(
          written.map(({ seq, id, raw }) => ({ seq, id, length: Buffer.byteLength(raw), text: `{"event":${raw}}` })),
        );
      }),
    );
  });

  it('are refused where they are cut or of another form, and where a head is too long', () => {
    const good = line({ seq: 1, id: crypto.randomUUID(), occurred: '2026-11-16 00:00:01.000000', raw: '{}' });
    for (let cut = 1; cut < good.length; cut += 1) {
      expect(() => new StoredRows().add(Buffer.from(good.slice(0, cut)), 9, 9_000), `cut at ${cut}`).toThrow();
    }
    for (const wrong of [
      good.replaceAll('\t', ' '),
      good.replace('\t', '\t\t'),
      good.replace('.000000', '.0000000'),
      '\n',
    ]) {
      expect(() => new StoredRows().add(Buffer.from(wrong), 9, 9_000), wrong).toThrow('another form');
    }
    const rows = new StoredRows();
    rows.add(Buffer.from(good), 9, 9_000);
    const room = good.indexOf('{}');
    for (const { raw } of rows) {
      if (typeof raw === 'string') throw new Error('A text');
      expect(() => raw.framed(Buffer.alloc(room + 1), 0x7d)).toThrow('longer than the row');
      expect(raw.framed(Buffer.alloc(room), 0x7d)).toHaveLength(good.length);
    }
  });
});
