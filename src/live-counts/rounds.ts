/**
 * Looks at all counters ten times a second at most, in short slices between which others have their turn; where that
 * takes long it looks less often, so that frames never take more than a part of the event loop (I5).
 */
import { gridMs } from './question.ts';

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
  /** Of one that is due. It throws nothing. */
  readonly look: (each: Each, nowMs: number) => void;
}

const sliceMs = 1;
/** The time between two rounds is at least so many times what the first one took. */
const restOfWork = 7;

export class Rounds<Each extends Looked> {
  readonly #options: RoundsOptions<Each>;
  #isRunning = false;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

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
    clearImmediate(this.#turn);
  }

  #wait(ms: number): void {
    const now = this.#options.now() + ms;
    // A grid's end is looked at just after it.
    const untilGrid = gridMs - (now % gridMs) + 1;
    this.#timer = setTimeout(() => this.#begin(), ms + untilGrid);
  }

  #begin(): void {
    const nowMs = this.#options.now();
    const due: Each[] = [];
    for (const each of this.#options.all) if (each.isDue(nowMs)) due.push(each);
    this.#slice(due, 0, nowMs, 0);
  }

  #slice(due: readonly Each[], from: number, nowMs: number, spentMs: number): void {
    const began = this.#options.elapsedMs();
    let at = from;
    let spent = 0;
    for (; at < due.length && spent < sliceMs; at += 1) {
      this.#options.look(due[at]!, nowMs);
      spent = this.#options.elapsedMs() - began;
    }
    if (!this.#isRunning) return;
    const allMs = spentMs + spent;
    if (at < due.length) this.#turn = setImmediate(() => this.#slice(due, at, nowMs, allMs));
    else this.#wait(Math.max(0, allMs * restOfWork - gridMs));
  }
}
