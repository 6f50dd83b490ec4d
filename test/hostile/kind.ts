/**
 * What a kind of hostile peers is: what it does, on which server, and what must have been seen of it.
 */
import type { Target } from '../../support/target.ts';
import type { Choices } from '../fuzz/wire-words.ts';
import type { HostileServer } from './server.ts';
import type { Tally } from './tally.ts';

export interface HostileKind {
  /** Kebab-case, as its file. */
  readonly name: string;
  /** What its peers do, in a phrase. */
  readonly about: string;
  /** Settings of its server, as environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** `nofile` of its server. */
  readonly openFilesMax?: number;
  /** What must have been told or counted at least once in a long run: without it the peers were too tame. */
  readonly expects: readonly string[];
  /** Failures that the neighbour may be told of, since they concern everybody. */
  readonly neighbourMayMeet?: readonly string[];
  /** What is there before the peers come. */
  prepare?(field: Field): Promise<void>;
  /** Goes on until the field is over, and lets go of all that it opened. */
  attack(field: Field): Promise<void>;
}

/** What a kind is let loose on. */
export interface Field {
  readonly server: HostileServer;
  readonly target: Target;
  readonly by: Choices;
  readonly tally: Tally;
  /** A clock in milliseconds that stands still while the machine does. */
  nowMs(): number;
  /** True once the peers have had their time. */
  isOver(): boolean;
  /** Waits, but no longer than the field lasts. */
  pause(ms: number): Promise<void>;
  /** A broken promise, in a sentence. */
  fault(sentence: string): void;
  /** So many events of `hostileEvent` were sent, and so many of them acknowledged. */
  sent(events: number, acknowledged: number): void;
}

/** The name of good events that hostile peers send. */
export const hostileEvent = 'hostile.event';
