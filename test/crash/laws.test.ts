/**
 * The crash harness notices what it is there for: each broken law gives a sentence, and what is allowed gives none.
 */
import { describe, expect, it } from 'vitest';
import { brokenLaws, exactFeed, indexRows } from '../../support/crash/laws.ts';
import type { Witness } from '../../support/crash/stored.ts';
import { planKills } from './plan.ts';

const since = 1_000;
const rows = [11, 12, 13, 14, 15].map((seq) => ({ seq, key: seq - 10, occurred: since + seq }));

function witness(changes: Partial<Witness> = {}): Witness {
  return { count: 5, distinctSeqs: 5, distinctIds: 5, rows, epochs: [11], deadLetters: new Map(), ...changes };
}

function saw(keys: number[], backfill = true) {
  return { subscriber: 'a', backfill, sinceMicros: since, keys, endedMs: null as number | null };
}

const producer = { name: 'ws 0', acknowledged: new Set([1, 2, 3, 4, 5]) };

describe('the laws of a crash run', () => {
  it('are kept where all is stored once and seen once', () => {
    expect(brokenLaws([producer], [saw([1, 2, 3, 4, 5]), saw([3, 4], false), saw([])], witness())).toEqual([]);
  });

  it('are broken by a lost event, a row too many, a seq left out', () => {
    const lost = witness({ rows: rows.filter(({ key }) => key !== 5), count: 4, distinctSeqs: 4, distinctIds: 4 });
    expect(brokenLaws([producer], [], lost)).toEqual([expect.stringContaining('ws 0: 1 acknowledged events are lost')]);
    expect(brokenLaws([producer], [], witness({ distinctIds: 4 }))).toEqual([expect.stringContaining('stored twice')]);
    const gap = witness({ rows: rows.filter(({ key }) => key !== 3), count: 4, distinctSeqs: 4, distinctIds: 4 });
    expect(brokenLaws([], [], gap)).toEqual(['1 seqs are left out']);
  });

  it('know that between two epochs no seq was given, and that within one none is left out', () => {
    const later = rows.map((row) => (row.key > 3 ? { ...row, seq: row.seq + 100 } : row));
    expect(brokenLaws([], [], witness({ rows: later, epochs: [11, 114] }))).toEqual([]);
    expect(brokenLaws([], [], witness({ rows: later, epochs: [11, 112] }))).toEqual(['2 seqs are left out']);
    expect(brokenLaws([], [], witness({ rows: later }))).toEqual(['100 seqs are left out']);
  });

  it('let process mode lose what a power cut took, and store nothing twice all the same', () => {
    const cut = witness({ rows: rows.slice(0, 3), count: 3, distinctSeqs: 3, distinctIds: 3 });
    expect(brokenLaws([producer], [saw([1, 2, 3, 4])], cut, true)).toEqual([]);
    expect(brokenLaws([producer], [], { ...cut, distinctIds: 2 }, true)).toHaveLength(1);
  });

  it('ask of process mode after power cuts that who saw what survived has no hole in it', () => {
    const index = indexRows(witness({ rows: rows.filter(({ key }) => key !== 2) }), true);
    expect(exactFeed(saw([1, 2, 3, 4, 5]), index)).toEqual([]);
    expect(exactFeed(saw([1, 2, 4, 5]), index)).toEqual([expect.stringContaining('1 of 3 are missing, e.g. seq 13')]);
    expect(exactFeed(saw([2, 3, 5], false), index)).toEqual([expect.stringContaining('1 of 2 are missing')]);
    expect(exactFeed(saw([1, 2, 2]), index)).toEqual([expect.stringContaining('came twice')]);
  });

  it('know that what a power cut took may come again in a later epoch, and was not seen as it is stored now', () => {
    const second = 2 ** 20;
    const again = rows.map((row) => ({ ...row, seq: row.seq + (row.key > 3 ? 9 : 2) * second }));
    const epochs = [2 * second + 11, 9 * second + 14];
    // Key 5 came, and was lost with 4, which this connection did not get to see.
    const before = { ...saw([1, 2, 3, 5]), endedMs: 8_000 };
    expect(exactFeed(before, indexRows(witness({ rows: again, epochs }), true))).toEqual([]);
    const after = { ...before, endedMs: 10_000 };
    const hole = [expect.stringContaining('1 of 4 are missing')];
    expect(exactFeed(after, indexRows(witness({ rows: again, epochs }), true))).toEqual(hole);
    expect(exactFeed({ ...before, endedMs: null }, indexRows(witness({ rows: again, epochs }), true))).toEqual(hole);
    // What survived of the epoch that it did see is owed as ever.
    expect(exactFeed({ ...before, keys: [1, 3, 5] }, indexRows(witness({ rows: again, epochs }), true))).toEqual([
      expect.stringContaining('1 of 2 are missing'),
    ]);
  });

  it('count a dead letter as kept, and do not ask for it in a feed', () => {
    const dead = witness({
      rows: rows.filter(({ key }) => key !== 3),
      count: 4,
      distinctSeqs: 4,
      distinctIds: 4,
      deadLetters: new Map([[13, 3]]),
    });
    expect(brokenLaws([producer], [saw([1, 2, 4, 5]), saw([2, 3, 4], false)], dead)).toEqual([]);
  });

  it('are broken by a repeat, a stranger and a hole in what one connection saw', () => {
    expect(exactFeed(saw([1, 2, 2]), indexRows(witness()))).toEqual([expect.stringContaining('came twice')]);
    expect(exactFeed(saw([1, 2, 9]), indexRows(witness()))).toEqual([expect.stringContaining('not stored')]);
    expect(exactFeed(saw([1, 2, 4]), indexRows(witness()))).toEqual([expect.stringContaining('1 of 3 are missing')]);
    expect(exactFeed(saw([2, 4], false), indexRows(witness()))).toEqual([
      expect.stringContaining('1 of 2 are missing'),
    ]);
    expect(exactFeed(saw([2, 3]), indexRows(witness()))).toEqual([expect.stringContaining('1 of 2 are missing')]);
  });

  it('let a connection be cut in its history, which comes by time and not by seq', () => {
    const late = rows.map((row) => (row.key === 5 ? { ...row, occurred: since + 1 } : row));
    expect(exactFeed(saw([5, 1, 2]), indexRows(witness({ rows: late })))).toEqual([]);
    expect(exactFeed(saw([5, 2]), indexRows(witness({ rows: late })))).toEqual([
      expect.stringContaining('1 of 2 are missing'),
    ]);
  });

  it(
    'let a connection be cut in what it reads from the store behind the log, and excuse nothing that ' + 'the log has',
    () => {
      // Keys 1 and 2 from the log, then by time: 5 occurred before 3 and 4.
      const late = rows.map((row) => (row.key === 5 ? { ...row, occurred: since + 1 } : row));
      expect(exactFeed(saw([1, 2, 5]), indexRows(witness({ rows: late })))).toEqual([]);
      expect(exactFeed(saw([1, 2, 5, 4]), indexRows(witness({ rows: late })))).toEqual([
        expect.stringContaining('1 of 4 are missing'),
      ]);
      expect(exactFeed(saw([2, 1, 5]), indexRows(witness({ rows: late })))).toEqual([]);
      expect(exactFeed(saw([1, 3, 5]), indexRows(witness({ rows: late })))).toEqual([
        expect.stringContaining('1 of 3 are missing'),
      ]);
    },
  );
});

it('a seed gives the same plan again, another seed another', () => {
  expect(planKills(7, 2, 20)).toEqual(planKills(7, 2, 20));
  expect(planKills(7, 2, 20)).not.toEqual(planKills(8, 2, 20));
});
