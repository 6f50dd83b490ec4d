/**
 * The process's counters: plain numbers that the parts raise, shown at `/metrics` and in `/api/ready?verbose=1`. The
 * books of a process (I4): `parsed = refused + deduped + parked + appended`; and of parked events, with those that
 * waited at the start, `waited + parked = parkedAppended + parkedDeduped + parkedTaken + parkedTakenBack + waiting`.
 * Also after a failed write.
 */
import type { FailureName } from './errors.ts';
import { Histogram } from './histogram.ts';

export interface Counters {
  /** Events that came in, be they taken or not; a body that is refused before its events are known is one. */
  parsed: number;
  /** Those refused, by the failure's name; of a body that is refused, all. */
  readonly refused: Partial<Record<FailureName, number>>;
  /** Repeats of a known id: acknowledged, not stored again. */
  deduped: number;
  /** Taken without a seq, for they may be repeats of what only ClickHouse knows: neither deduped nor appended. */
  parked: number;
  /** What became of parked events, those of earlier runs included: given a seq, or repeats, durably so. */
  parkedAppended: number;
  parkedDeduped: number;
  /** Parked, and taken back because the write failed, or the disk before all was synced; their producers were told. */
  parkedTakenBack: number;
  /** Parked, and of an id that was taken under another label: `dead-letter/id-taken.ndjson` holds them, durably so. */
  parkedTaken: number;
  /** Given a seq when they came. */
  appended: number;
  /** Of those, taken back before they were written, as a write failed, or a sync; their producers were told. */
  takenBack: number;
  /** Of those that were appended or parked: a Prefect server had handed them on. */
  fromPrefect: number;
  /** Labels that a token set in place of another value; each time that the event was sent. */
  labelsReplaced: number;
  /** Values that were redacted, of repeats too. */
  redacted: number;
  /** Messages of `/in` passed over, too large or refused before with the same bytes: not among `parsed`. */
  skipped: number;
  /** Rows and batches that ClickHouse has taken, inserts that failed, events that it refused for their content. */
  inserted: number;
  batches: number;
  insertFailures: number;
  deadLettered: number;
  /** Events of the dead letter that a replay has stored. */
  replayed: number;
  /** Large filters of page links that were written, and those that left for want of room. */
  pageFiltersKept: number;
  pageFiltersDropped: number;
  /** Frames handed to subscribers' sockets. */
  delivered: number;
  /** Times that a subscriber fell back from live to the log. */
  lagged: number;
  /** Frames of live counts handed to sockets, and live counts that were refused or ended for want of room. */
  countFrames: number;
  countsRefused: number;
  /** Events that a wrong cut between history and log would have repeated: a bug if ever above 0. */
  repeats: number;
  /** One commit of the journal, without its fdatasync. */
  readonly commits: Histogram;
  /** In fsync mode: one fdatasync of all that was committed; what waits for it is answered then. */
  readonly syncs: Histogram;
  /** One insert into ClickHouse, failed ones included. */
  readonly inserts: Histogram;
}

const commitBoundsSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const syncBoundsSeconds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
];
const insertBoundsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

export function createCounters(): Counters {
  return {
    parsed: 0,
    refused: {},
    deduped: 0,
    parked: 0,
    parkedAppended: 0,
    parkedDeduped: 0,
    parkedTakenBack: 0,
    parkedTaken: 0,
    appended: 0,
    fromPrefect: 0,
    takenBack: 0,
    labelsReplaced: 0,
    redacted: 0,
    skipped: 0,
    inserted: 0,
    batches: 0,
    insertFailures: 0,
    deadLettered: 0,
    replayed: 0,
    pageFiltersKept: 0,
    pageFiltersDropped: 0,
    delivered: 0,
    lagged: 0,
    countFrames: 0,
    countsRefused: 0,
    repeats: 0,
    commits: new Histogram(commitBoundsSeconds),
    syncs: new Histogram(syncBoundsSeconds),
    inserts: new Histogram(insertBoundsSeconds),
  };
}
