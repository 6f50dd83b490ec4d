/**
 * The process's counters: plain numbers that the parts raise, shown in `/api/ready?verbose=1` (the books: I4).
 */
export interface Counters {
  /** Events that were read from a body or a message. */
  parsed: number;
  /** Events and messages refused, by the failure's name. */
  readonly refused: Record<string, number>;
  /** Repeats of a known id: acknowledged, not stored again. */
  deduped: number;
  /** Messages of `/in` passed over: too large, or refused before with the same bytes. */
  skipped: number;
  appended: number;
  /** Rows and batches that ClickHouse has taken, inserts that failed, events that it refused for their content. */
  inserted: number;
  batches: number;
  insertFailures: number;
  deadLettered: number;
  /** Frames handed to subscribers' sockets. */
  delivered: number;
  /** Times that a subscriber fell back from live to the log. */
  lagged: number;
  /** Events that a wrong cut between history and log would have repeated: a bug if ever above 0. */
  repeats: number;
}

export function createCounters(): Counters {
  return {
    parsed: 0,
    refused: {},
    deduped: 0,
    skipped: 0,
    appended: 0,
    inserted: 0,
    batches: 0,
    insertFailures: 0,
    deadLettered: 0,
    delivered: 0,
    lagged: 0,
    repeats: 0,
  };
}
