/**
 * Looks at all counters ten times a second at most, in short slices with rests between them: frames take a small part
 * of the event loop at any time, and come less often where there are many (I5).
 */
import { slotMs } from './slot.ts';

export interface Looked {
  isDue(nowMs: number): boolean;
}

export interface RoundsOptions<Each extends Looked> {
  /** In the order in which they are looked at. */
  readonly all: Iterable<Each>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that pass while one works. */
  readonly elapsedMs: () => number;
  /** Milliseconds of processor time that the process has taken. */
  readonly workedMs: () => number;
  /** Of one that is due. It throws nothing. */
  readonly look: (each: Each, nowMs: number) => void;
}

const sliceMs = 1;
/** After a slice it rests so many times what that took. */
const restOfWork = 15;
/** What took longer counts by its processor time, or a process that was stopped for seconds rested for minutes. */
const stoppedMs = 60;

export class Rounds<Each extends Looked> {
  readonly #options: RoundsOptions<Each>;
  #isRunning = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RoundsOptions<Each>) {
    this.#options = options;
  }

  /** Idempotent. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#wait(0);
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    const now = this.#options.now() + ms;
    // A slot is looked at just after its end.
    const untilEnd = slotMs - (now % slotMs) + 1;
    this.#timer = setTimeout(() => this.#begin(), ms + untilEnd);
  }

  #begin(): void {
    const nowMs = this.#options.now();
    const due: Each[] = [];
    for (const each of this.#options.all) if (each.isDue(nowMs)) due.push(each);
    this.#slice(due, 0);
  }

  #slice(due: readonly Each[], from: number): void {
    const nowMs = this.#options.now();
    const began = this.#options.elapsedMs();
    const workedBefore = this.#options.workedMs();
    let at = from;
    let spentMs = 0;
    for (; at < due.length && spentMs < sliceMs; at += 1) {
      this.#options.look(due[at]!, nowMs);
      spentMs = this.#options.elapsedMs() - began;
    }
    if (!this.#isRunning) return;
    const workedMs = this.#options.workedMs() - workedBefore;
    const restMs = restOfWork * Math.min(spentMs, Math.max(workedMs, stoppedMs));
    if (at < due.length) this.#timer = setTimeout(() => this.#slice(due, at), restMs);
    else this.#wait(Math.max(0, restMs - slotMs));
  }
}
