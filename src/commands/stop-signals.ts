/**
 * The signals that ask a process to stop: of a supervisor, a terminal, or a terminal that was closed. Until somebody
 * handles them they end the process, as they do by themselves for all but a process 1.
 */
import { constants } from 'node:os';

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
export type StopSignal = (typeof stopSignals)[number];

/** Ctrl-C reaches this process twice under npm, from the terminal and from npm: within this time two are one. */
const sameSignalMs = 500;

export class StopSignals {
  #handler: (signal: StopSignal) => void = (signal) => process.exit(exitCodeOf(signal));
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor() {
    for (const signal of stopSignals) process.on(signal, () => this.#heard(signal));
  }

  /** Is called for each from now on. */
  handle(handler: (signal: StopSignal) => void): void {
    this.#handler = handler;
  }

  #heard(signal: StopSignal): void {
    const now = performance.now();
    if (now - this.#lastAt <= sameSignalMs) return;
    this.#lastAt = now;
    this.#handler(signal);
  }
}

/** As a shell says it of a process that a signal has ended. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}
