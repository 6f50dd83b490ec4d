/**
 * How a replay of the dead letter goes, as `POST` and `GET /api/admin/dead-letter/replay` answer.
 */

export interface DeadLetterReplay {
  /** `none`: since its start, nobody has asked this server for one. `failed`: it ended early. */
  readonly state: 'none' | 'running' | 'done' | 'failed';
  /** UTC. */
  readonly started: string | null;
  readonly ended: string | null;
  /** Events that were in the dead letter when it began. */
  readonly total: number;
  /** Of these, so many were tried: `stored` are in ClickHouse now, `kept` stay in the dead letter. */
  readonly tried: number;
  readonly stored: number;
  readonly kept: number;
  /** The first of those that stay. */
  readonly refusals: readonly ReplayRefusal[];
  /** Why it ended early, as a sentence; else empty. */
  readonly reason: string;
}

/** Before the first. */
export const noReplay: DeadLetterReplay = {
  ...{ state: 'none', started: null, ended: null, total: 0, tried: 0, stored: 0, kept: 0 },
  ...{ refusals: [], reason: '' },
};

export interface ReplayRefusal {
  readonly seq: number;
  readonly id: string;
  readonly reason: string;
}
