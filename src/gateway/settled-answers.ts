/**
 * Answers to bodies that wait until their events are in the shared log and applied here: each is given then, or fails
 * after a while, for the events may still get there.
 */
import { Failure } from '../base/errors.ts';

export interface SettledAnswersOptions {
  readonly waitMs: number;
  readonly waitingMax: number;
  /** All up to this ticket was settled before. */
  readonly settled: number;
}

interface Answer {
  readonly ticket: number;
  readonly dueAt: number;
  readonly resolve: () => void;
  readonly reject: (failure: Failure) => void;
}

const lookMs = 100;

export class SettledAnswers {
  readonly #options: SettledAnswersOptions;
  readonly #elapsedMs: () => number;
  readonly #timer: NodeJS.Timeout;
  /** In the order in which they are due, which is nearly that of their tickets. */
  #waiting: Answer[] = [];
  #settled: number;

  constructor(options: SettledAnswersOptions, elapsedMs: () => number) {
    this.#options = options;
    this.#settled = options.settled;
    this.#elapsedMs = elapsedMs;
    this.#timer = setInterval(() => this.#failDue(), lookMs).unref();
  }

  /** Resolves once all up to this ticket of the spool is settled. Rejects with Failure notConfirmed. */
  wait(ticket: number): Promise<void> {
    if (ticket <= this.#settled) return Promise.resolve();
    const { waitMs, waitingMax } = this.#options;
    if (this.#waiting.length >= waitingMax) return Promise.reject(notConfirmed());
    const dueAt = this.#elapsedMs() + waitMs;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ticket, dueAt, resolve, reject });
    });
  }

  settle(upTo: number): void {
    if (upTo <= this.#settled) return;
    this.#settled = upTo;
    const due = this.#waiting.filter(({ ticket }) => ticket <= upTo);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ ticket }) => ticket > upTo);
    for (const { resolve } of due) resolve();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(notConfirmed());
  }

  #failDue(): void {
    const now = this.#elapsedMs();
    const open = this.#waiting.findIndex(({ dueAt }) => dueAt > now);
    const due = this.#waiting.splice(0, open < 0 ? this.#waiting.length : open);
    for (const { reject } of due) reject(notConfirmed());
  }
}

function notConfirmed(): Failure {
  return new Failure(
    'notConfirmed',
    'The shared log has not confirmed the events in time; they are kept here. Send them again with the same ids.',
  );
}
