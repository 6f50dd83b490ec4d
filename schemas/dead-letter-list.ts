/**
 * The events that ClickHouse refused for their content, as `GET /api/admin/dead-letter` answers.
 */

export interface DeadLetterList {
  /** The oldest ones. */
  readonly events: readonly ListedDeadEvent[];
  /** There are others behind them. */
  readonly more: boolean;
}

export interface ListedDeadEvent {
  readonly seq: number;
  readonly id: string;
  /** When it was refused, in UTC. */
  readonly since: string;
  /** ClickHouse's code and its name, and nothing of the event. */
  readonly reason: string;
}
