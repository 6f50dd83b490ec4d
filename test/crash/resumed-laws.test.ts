/**
 * The law of resuming lives notices what it is there for, and asks for nothing that is not owed.
 */
import { describe, expect, it } from 'vitest';
import { indexRows } from '../../support/crash/laws.ts';
import type { Witness } from '../../support/crash/stored.ts';
import { judgeFeed, judgeLives } from './resumed-laws.ts';
import type { ResumedFeed, ResumingLife } from './resumers.ts';

const day = Date.UTC(2026, 10, 22);
const since = day * 1000;
/** Keys 1 to 6 under seqs 11 to 16, a ms apart; key 7, under 17, occurred before all of them. */
const rows = [1, 2, 3, 4, 5, 6, 7].map((key) => ({ seq: key + 10, key, occurred: since + (key % 7) * 1000 }));

function indexOf(changes: Partial<Witness> = {}, mayLose = false) {
  const witness = { count: 7, distinctSeqs: 7, distinctIds: 7, rows, epochs: [11], deadLetters: new Map(), ...changes };
  return indexRows(witness, mayLose);
}

/** History as of seq 12 by time, and then the log: as it is to be. */
function feed(changes: Partial<ResumedFeed> = {}): ResumedFeed {
  return {
    sinceMicros: since,
    keys: [1, 2, 3, 4, 5, 6, 7],
    seqs: [0, 0, 13, 14, 15, 16, 17],
    firstPosition: 'start',
    position: 17,
    lastSeq: 17,
    checkpoint: 12,
    ...changes,
  };
}

function place(key: number): string {
  return `${new Date(day + (key % 7)).toISOString()}/c7a50000-0000-4000-8000-${String(key).padStart(12, '0')}`;
}

const sentencesOf = (changes: Partial<ResumedFeed>, index = indexOf(), backfill = true) =>
  judgeFeed(feed(changes), backfill, index).sentences;

describe('the law of a feed over all its connections', () => {
  it('is kept by one that gave all once, to its position', () => {
    expect(sentencesOf({})).toEqual([]);
    expect(sentencesOf({ keys: [1, 2, 3], seqs: [0, 0, 13], position: 13, lastSeq: 13 })).toEqual([]);
    expect(sentencesOf({ keys: [], seqs: [], firstPosition: null, position: null, lastSeq: 0 })).toEqual([]);
  });

  it('is broken by a repeat, a hole, a stranger, another seq, and disorder', () => {
    expect(sentencesOf({ keys: [1, 2, 2, 3, 4, 5, 6, 7], seqs: [0, 0, 12, 13, 14, 15, 16, 17] })).toEqual([
      '1 came twice',
    ]);
    expect(sentencesOf({ keys: [1, 2, 3, 5, 6, 7], seqs: [0, 0, 13, 15, 16, 17] })).toEqual([
      '1 of 7 are missing, e.g. seq 14',
    ]);
    expect(sentencesOf({ keys: [1, 2, 3, 4, 5, 6, 7, 8], seqs: [0, 0, 13, 14, 15, 16, 17, 18] })).toEqual([
      expect.stringContaining('1 came that are not stored so, e.g. key 8'),
    ]);
    expect(sentencesOf({ seqs: [0, 0, 13, 14, 15, 16, 18] })).toEqual([expect.stringContaining('not stored so')]);
    expect(sentencesOf({ keys: [1, 2, 4, 3, 5, 6, 7], seqs: [0, 0, 14, 13, 15, 16, 17] })).toEqual([
      '1 came out of order, e.g. seq 13',
    ]);
  });

  it('asks for what was given up to a position, seen or not, and for nothing outside of the window', () => {
    expect(sentencesOf({ keys: [1, 2], seqs: [0, 0], position: 13, lastSeq: 13 })).toEqual([
      '1 of 3 are missing, e.g. seq 13',
    ]);
    const later = since + 2000;
    expect(sentencesOf({ sinceMicros: later, keys: [2, 3, 4, 5, 6], seqs: [0, 13, 14, 15, 16] })).toEqual([]);
    expect(sentencesOf({ sinceMicros: later, keys: [1, 2, 3, 4, 5, 6], seqs: [0, 0, 13, 14, 15, 16] })).toEqual([
      expect.stringContaining('not stored so, e.g. key 1'),
    ]);
  });

  it('asks of one without history for what came behind its beginning', () => {
    const live = { firstPosition: 13, keys: [4, 5, 6, 7], seqs: [14, 15, 16, 17] };
    expect(sentencesOf(live, indexOf(), false)).toEqual([]);
    expect(sentencesOf({ ...live, firstPosition: 12 }, indexOf(), false)).toEqual([
      expect.stringContaining('1 of 5 are missing'),
    ]);
  });

  it('asks of one that ended within history for what lies before its place, up to its checkpoint', () => {
    const cut = { checkpoint: 17, keys: [7, 1, 2], seqs: [0, 0, 0], position: place(2), lastSeq: 0 };
    expect(sentencesOf(cut)).toEqual([]);
    expect(sentencesOf({ ...cut, checkpoint: 16 })).toEqual([]);
    expect(sentencesOf({ ...cut, keys: [1, 2], seqs: [0, 0] })).toEqual(['1 of 3 are missing, e.g. seq 17']);
    expect(sentencesOf({ ...cut, checkpoint: 16, keys: [1, 2], seqs: [0, 0] })).toEqual([]);
    // Behind what it had of the log.
    const behind = { ...cut, keys: [1, 2, 3, 4, 7], seqs: [0, 0, 13, 14, 0], position: place(7), lastSeq: 14 };
    expect(sentencesOf(behind)).toEqual([]);
    expect(sentencesOf({ ...behind, keys: [1, 2, 4, 7], seqs: [0, 0, 14, 0] })).toEqual([
      '1 of 5 are missing, e.g. seq 13',
    ]);
    expect(sentencesOf({ ...cut, keys: [], seqs: [], position: 'start' })).toEqual([]);
  });

  it('lets a dead letter come from the log, once, and does not ask for it', () => {
    const index = indexOf({ rows: rows.filter(({ key }) => key !== 4), deadLetters: new Map([[14, 4]]) });
    expect(sentencesOf({}, index)).toEqual([]);
    expect(sentencesOf({ keys: [1, 2, 3, 5, 6, 7], seqs: [0, 0, 13, 15, 16, 17] }, index)).toEqual([]);
    expect(sentencesOf({ seqs: [0, 0, 13, 0, 15, 16, 17] }, index)).toEqual([expect.stringContaining('not stored so')]);
  });

  it('lets what a power cut took in process mode be gone, or be stored under a later seq, and nothing else', () => {
    const lost = indexOf({ rows: rows.filter(({ key }) => key !== 4) }, true);
    expect(sentencesOf({}, lost)).toEqual([]);
    expect(sentencesOf({ seqs: [0, 0, 13, 0, 15, 16, 17] }, lost)).toEqual([expect.stringContaining('not stored so')]);
    expect(sentencesOf({ keys: [1, 2, 4, 5, 6, 7], seqs: [0, 0, 14, 15, 16, 17] }, lost)).toEqual([
      '1 of 6 are missing, e.g. seq 13',
    ]);
    const again = indexOf({ rows: rows.map((row) => (row.key === 4 ? { ...row, seq: 99 } : row)) }, true);
    expect(sentencesOf({}, again)).toEqual([]);
    const sooner = indexOf({ rows: rows.map((row) => (row.key === 4 ? { ...row, seq: 9 } : row)) }, true);
    expect(sentencesOf({}, sooner)).toEqual([expect.stringContaining('not stored so')]);
  });
});

describe('the law of a life', () => {
  const life = (changes: Partial<ResumingLife> = {}): ResumingLife => ({
    ...{ name: 'a', backfill: true, feeds: [feed()], resumes: 3, resumesByStore: 1, gaps: [], refusals: new Set() },
    ...changes,
  });

  it('is kept by one feed, or by one after each gap that a power cut in process mode gives', () => {
    const { broken, books } = judgeLives([life(), life()], indexOf());
    expect(broken).toEqual([]);
    expect(books).toEqual({
      ...{ resumes: 6, resumesByStore: 2, gaps: 0, resumedEvents: 14, resumedRepeats: 0, resumedHoles: 0 },
    });
    expect(judgeLives([life({ feeds: [feed(), feed()], gaps: ['epoch'] })], indexOf({}, true)).broken).toEqual([]);
  });

  it('is broken by a gap where nothing was lost, by a refusal, and by each of its feeds', () => {
    expect(judgeLives([life({ gaps: ['epoch'] })], indexOf()).broken).toEqual([expect.stringContaining('gaps')]);
    expect(judgeLives([life({ gaps: ['head'] })], indexOf({}, true)).broken).toHaveLength(1);
    expect(judgeLives([life({ refusals: new Set(['closed 1008']) })], indexOf()).broken).toHaveLength(1);
    const { broken, books } = judgeLives(
      [life({ feeds: [feed(), feed({ keys: [1, 1], seqs: [0, 0], position: 12, lastSeq: 12 })] })],
      indexOf(),
    );
    expect(broken).toEqual(['a: feed 1: 1 came twice', 'a: feed 1: 1 of 2 are missing, e.g. seq 12']);
    expect(books).toMatchObject({ resumedRepeats: 1, resumedHoles: 1 });
  });
});
