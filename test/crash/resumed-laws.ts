/**
 * I3 over the whole life of a subscriber that resumes, whatever was killed in between.
 *
 * Its life is a chain of feeds. A feed is all connections that went on behind each other's last position; it gives each
 * stored event of its window once, from its first position to its last: none twice, in one connection or in two, none
 * left out, each beside the seq that it is stored under, and seqs only rise. A feed ends only where a `gap` says so,
 * and that is due only where an epoch ended by a power cut in process mode; so in every other run a life is one feed,
 * from its first connection to the head.
 *
 * After a `gap` the next feed begins by the filter and window that were sent, and may repeat what the one before gave:
 * what the gap names, and nobody is owed, is what lies behind the last position of the one feed and outside of the
 * window of the next (with backfill: occurred before the window; without: all up to where it begins).
 *
 * What a power cut took in process mode was seen, perhaps, and is gone: nothing follows from it, or it came again under
 * a later seq, of a later epoch. What survived is owed as ever: rows, for ClickHouse's own files lose nothing here. So
 * what came from history, which is made of rows, may never be gone.
 *
 * An event that ClickHouse refused for its content is seen by those who are live or read the log, and by nobody else:
 * it may come, once, beside a seq, and is owed to nobody.
 */
import type { RowIndex } from '../../support/crash/laws.ts';
import type { StoredRow } from '../../support/crash/stored.ts';
import type { ResumedFeed, ResumingLife } from './resumers.ts';

export interface LivesReport {
  /** Sentences; none is good. */
  readonly broken: readonly string[];
  readonly books: Readonly<Record<string, number>>;
}

export function judgeLives(lives: readonly ResumingLife[], index: RowIndex): LivesReport {
  const broken: string[] = [];
  const books = { resumes: 0, resumesByStore: 0, gaps: 0, resumedEvents: 0, resumedRepeats: 0, resumedHoles: 0 };
  for (const { name, backfill, feeds, gaps, refusals, resumes, resumesByStore } of lives) {
    const say = (what: string): number => broken.push(`${name}: ${what}`);
    for (const refusal of refusals) say(`was not let go on: ${refusal}`);
    const undue = index.mayLose ? gaps.filter((reason) => reason !== 'epoch') : gaps;
    if (undue.length > 0) say(`was told of gaps where nothing was lost: ${undue.join()}`);
    books.resumes += resumes;
    books.resumesByStore += resumesByStore;
    books.gaps += gaps.length;
    for (const [nth, feed] of feeds.entries()) {
      const { sentences, repeats, holes } = judgeFeed(feed, backfill, index);
      for (const sentence of sentences) say(`feed ${nth}: ${sentence}`);
      books.resumedEvents += feed.keys.length;
      books.resumedRepeats += repeats;
      books.resumedHoles += holes;
    }
  }
  return { broken, books };
}

interface FeedReport {
  readonly sentences: readonly string[];
  readonly repeats: number;
  readonly holes: number;
}

export function judgeFeed(feed: ResumedFeed, backfill: boolean, index: RowIndex): FeedReport {
  const { keys, seqs } = feed;
  const seen = new Set(keys);
  const repeats = keys.length - seen.size;
  const strange = keys.filter((key, nth) => !isExplained(key, seqs[nth] ?? 0, feed, index));
  const inLog = seqs.filter((seq) => seq > 0);
  const disordered = inLog.filter((seq, nth) => nth > 0 && seq <= inLog[nth - 1]!);
  const owed = owedRows(feed, backfill, index);
  const holes = owed.filter(({ key }) => !seen.has(key));
  const sentences = [
    ...sentence(repeats, 'came twice'),
    ...sentence(strange.length, `came that are not stored so, e.g. key ${strange[0]}`),
    ...sentence(disordered.length, `came out of order, e.g. seq ${disordered[0]}`),
    ...sentence(holes.length, `of ${owed.length} are missing, e.g. seq ${holes[0]?.seq}`),
  ];
  return { sentences, repeats, holes: holes.length };
}

function sentence(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}`];
}

function isExplained(key: number, seq: number, { sinceMicros }: ResumedFeed, index: RowIndex): boolean {
  const row = index.rowOf.get(key);
  const isFromLog = seq > 0;
  if (row === undefined) return isFromLog && (index.mayLose || index.dead.has(key));
  const isAsStored = !isFromLog || row.seq === seq;
  if (isAsStored) return row.occurred >= sinceMicros;
  return index.mayLose && row.seq > seq;
}

function owedRows({ firstPosition, ...feed }: ResumedFeed, backfill: boolean, { rows }: RowIndex): StoredRow[] {
  if (firstPosition === null) return [];
  const from = !backfill && typeof firstPosition === 'number' ? firstPosition : 0;
  const place = typeof feed.position === 'string' ? placeOf(feed.position) : null;
  return rows.filter((row) => {
    if (row.occurred < feed.sinceMicros || row.seq <= from) return false;
    return row.seq <= feed.lastSeq || (place !== null && row.seq <= feed.checkpoint && !isBehind(row, place));
  });
}

type Place = Pick<StoredRow, 'occurred' | 'key'>;

/** Null at the start of history. Producers count in ms, and an id ends with its key. */
function placeOf(position: string): Place | null {
  const [occurred = '', id] = position.split('/');
  return id === undefined ? null : { occurred: Date.parse(occurred) * 1000, key: Number(id.slice(-12)) };
}

function isBehind(row: StoredRow, place: Place): boolean {
  return row.occurred === place.occurred ? row.key > place.key : row.occurred > place.occurred;
}
