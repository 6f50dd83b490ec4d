/** The form of a block: what was put in comes out, and whatever is not as it was sent is seen. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/base/crc32.ts';
import { blockRowsLimit, decodeBlock, encodeBlock } from '../../src/shared-log/block.ts';
import { StampedRow } from '../../src/shared-log/stamped-row.ts';
import { blockOf, idOf, marksOf, rowOf, type SpooledEvent, spool, spooledEvent, stamped } from './rows.ts';

const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 1000 });
const events = fc.array(spooledEvent(50), { maxLength: 12 });

describe('a block', () => {
  it('gives back rows, marks and what its sender said of it', () => {
    fc.assert(
      fc.property(events, seq, seq, fc.uuid(), (sent, first, judgedAt, from) => {
        const block = decodeBlock(blockOf(sent, first, judgedAt, from));
        const rows = sent.map((event, at) => rowOf(first + at, event));
        expect(block).toMatchObject({ covers: first + sent.length - 1, judgedAt, spool: from, marks: marksOf(sent) });
        if (block === 'damaged' || !('rows' in block)) return expect.unreachable();
        expect(block.rows.toString()).toBe(rows.join(''));
        expect(block.ends.map((end, at) => block.rows.toString('utf8', block.ends[at - 1] ?? 0, end))).toEqual(rows);
      }),
    );
  });

  it('is the same in whatever pieces its rows come', () => {
    fc.assert(
      fc.property(events, seq, fc.array(fc.nat(5_000), { maxLength: 4 }), (sent, first, cuts) => {
        const rows = Buffer.from(sent.map((event, at) => rowOf(first + at, event)).join(''));
        const places = [0, ...cuts.map((cut) => Math.min(cut, rows.length)).sort((a, b) => a - b), rows.length];
        const pieces = places.slice(1).map((end, at) => rows.subarray(places[at], end));
        const head = { covers: first + sent.length - 1, judgedAt: 7, spool };
        expect(encodeBlock(head, sent.length, pieces, marksOf(sent))).toEqual(blockOf(sent, first, 7));
      }),
    );
  });

  it('is damaged where any byte is another, or is missing', () => {
    fc.assert(
      fc.property(events, seq, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, first, place, change) => {
        const block = blockOf(sent, first, 1);
        const at = place % block.length;
        block[at] = (block[at] ?? 0) ^ change;
        expect(decodeBlock(block)).toBe('damaged');
        block[at] ^= change;
        expect(decodeBlock(block.subarray(0, at))).toBe('damaged');
        expect(decodeBlock(Buffer.concat([block, Buffer.from([change])]))).toBe('damaged');
      }),
    );
  });

  it('is damaged where any single byte of it is another', () => {
    const sent: SpooledEvent[] = [{ nth: 1, text: 'é', hasFraction: true, tag: 7, isFromPrefect: true }];
    const block = blockOf(sent, 1, 1);
    const seen = Array.from(block, (byte, at) => {
      block[at] = byte ^ 0xff;
      const decoded = decodeBlock(block);
      block[at] = byte;
      return decoded;
    });
    expect(new Set(seen)).toEqual(new Set(['damaged']));
  });

  it('is damaged where its checksum is right and its rows are none', () => {
    const cases = ['1\tx\n', `1\t${idOf(1)}\t\t\t\n`, rowOf(1, anEvent).replace('"}\n', '" }\n'), 'no end'];
    for (const rows of cases) {
      expect(decodeBlock(encodeBlock({ covers: 1, judgedAt: 1, spool }, 1, [Buffer.from(rows)], []))).toBe('damaged');
    }
    const two = encodeBlock({ covers: 1, judgedAt: 1, spool }, 2, [Buffer.from(rowOf(1, anEvent))], []);
    expect(decodeBlock(two)).toBe('damaged');
  });

  it('of another version is told by its version', () => {
    for (const version of [0, 2, 255]) {
      const block = blockOf([anEvent], 1, 1);
      block[4] = version;
      block.writeUInt32LE(crc32(block.subarray(4)), 0);
      expect(decodeBlock(block)).toEqual({ unknown: version });
    }
  });

  it('stays as it was written: a later version must read it', () => {
    const block = blockOf([{ ...anEvent, tag: 0x01020304, isFromPrefect: true }], 0x0102030405, 0x0504030201);
    const seqs = '05040302010000000102030405000000';
    expect(block.toString('hex', 4, 44)).toBe(`01000100${seqs}0b5e0d1c3c564c8e9d511a2b3c4d5e6f01000000`);
    expect(block.toString('hex', 44, 52)).toBe('0000010004030201');
    expect(block.readUInt32LE(0)).toBe(crc32(block.subarray(4)));
    expect(blockRowsLimit).toBe(65_535);
  });
});

const anEvent: SpooledEvent = { nth: 1, text: 'é', hasFraction: true, tag: 0, isFromPrefect: false };

describe('a row of a block', () => {
  it('keeps all but its number and its times of receipt, whatever forms they have', () => {
    const times = fc.constantFrom(
      ...([
        ['2031-01-02T03:04:05.678000Z', '2031-01-02 03:04:05.678000'],
        ['2031-01-02T03:04:05Z', '2031-01-02 03:04:05.000000'],
      ] as const),
    );
    fc.assert(
      fc.property(spooledEvent(50), seq, seq, times, fc.nat(9), (event, first, number, [received, column], at) => {
        const row = new StampedRow();
        const rows = Buffer.from(rowOf(1, anEvent) + rowOf(first, event));
        expect(row.take(rows, Buffer.byteLength(rowOf(1, anEvent)), rows.length)).toBe(idOf(event.nth));
        expect(row.occurred).toBe('2026-11-29 09:00:00.000000');
        const into = Buffer.alloc(at + row.rowBytesMax, '.');
        const end = row.writeRow(into, at, number, { received, column });
        expect(into.toString('utf8', at, end)).toBe(stamped(number, event, received, column));
        expect(into.toString('utf8', 0, at)).toBe('.'.repeat(at));
      }),
    );
  });
});
