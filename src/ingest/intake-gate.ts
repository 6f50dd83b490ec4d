/**
 * Whether anything is taken in now, and the books of what is not (I4).
 */
import type { Failure, FailureName } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import type { LogWriter } from '../event-log/log-writer.ts';
import type { Group } from './group.ts';

export interface GateParts {
  readonly journal: Pick<LogWriter, 'failed'>;
  /** Why nothing is taken in now (shutting down, the store refused this log), or null. */
  readonly gate: () => Failure | null;
  readonly counters: Pick<Counters, 'parsed' | 'skipped' | 'refused'>;
  readonly log: Log;
}

export class IntakeGate {
  readonly #parts: GateParts;
  readonly #group: Group;

  constructor(parts: GateParts, group: Group) {
    this.#parts = parts;
    this.#group = group;
  }

  /** To be called before a body or message is read. */
  throwIfClosed(): void {
    this.#group.endLarge();
    const failure = this.#parts.gate() ?? this.#parts.journal.failed ?? this.#group.overflow;
    if (failure === null) return;
    this.refuse(failure.failure, 1);
    throw failure;
  }

  /** Counts events that are known, and not taken. */
  refuse(failure: FailureName, events: number): void {
    const { counters } = this.#parts;
    counters.parsed += events;
    counters.refused[failure] = (counters.refused[failure] ?? 0) + events;
  }

  /** Counts a message that is passed over. */
  skip(reason: string): void {
    this.#parts.counters.skipped += 1;
    this.#parts.log.warn({ reason }, 'A message was skipped');
  }
}
