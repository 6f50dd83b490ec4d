/**
 * What all answers together may hold (I4): from the first row read for one until its last byte was taken by its reader.
 * Where there is no room the next one is refused, but first the slowest reader is let go: nobody keeps the room by not
 * reading.
 */
import { Failure } from '../base/errors.ts';
import type { ServerCounters } from './counters.ts';

/** Where there is no room, a reader that took nothing for so long, or less than so much a second, is let go. */
const patienceMs = 2_000;
/** Over so long its speed is taken: what the kernels took at the beginning says nothing of the reader. */
const speedOverMs = 5_000;
const leastBytesPerSecond = 64 * 1024;

export interface AnswerShare {
  readonly bytes: number;
  /** So many more bytes are held for it. Throws Failure `tooManyAnswerBytes` where there is no room. */
  add(bytes: number): void;
  /** It is being written, and so many bytes of it are held; `cut` ends it. */
  write(bytes: number, cut: () => void): void;
  /** Its reader took so many of them. */
  taken(bytes: number): void;
  /** Idempotent. */
  release(): void;
}

export interface AnswerBudget {
  begin(): AnswerShare;
}

/** What is held now; answers refused for want of room; those broken off because their readers did not read. */
export type AnswerCounters = Pick<ServerCounters, 'answerBytes' | 'answersRefused' | 'answersStalled'>;

interface Writing {
  readonly cut: () => void;
  lastMs: number;
  /** Taken since then. */
  takenBytes: number;
  sinceMs: number;
}

export function createAnswerBudget(
  bytesMax: number,
  counters: AnswerCounters,
  nowMs: () => number = () => performance.now(),
): AnswerBudget {
  const room = new Room(bytesMax, counters, nowMs);
  return { begin: () => new Share(room, counters, nowMs) };
}

/** What all answers share. */
class Room {
  readonly writing = new Set<Writing>();
  readonly #bytesMax: number;
  readonly #counters: AnswerCounters;
  readonly #nowMs: () => number;

  constructor(bytesMax: number, counters: AnswerCounters, nowMs: () => number) {
    this.#bytesMax = bytesMax;
    this.#counters = counters;
    this.#nowMs = nowMs;
  }

  /** Whether there is room for what is held by now, beside `ownBytes` of it, once the slowest were let go. */
  make(ownBytes: number): boolean {
    // One alone is always let through: what a page holds has a bound of its own.
    while (this.#counters.answerBytes > this.#bytesMax && this.#counters.answerBytes > ownBytes) {
      const victim = this.#slowest();
      if (victim === null) return false;
      this.writing.delete(victim);
      this.#counters.answersStalled += 1;
      victim.cut();
    }
    return true;
  }

  #slowest(): Writing | null {
    const now = this.#nowMs();
    let found: Writing | null = null;
    let least = leastBytesPerSecond;
    for (const each of this.writing) {
      const ms = now - each.sinceMs;
      const rate = now - each.lastMs >= patienceMs ? 0 : (each.takenBytes * 1000) / ms;
      if (ms < patienceMs || rate >= least) continue;
      found = each;
      least = rate;
    }
    return found;
  }
}

class Share implements AnswerShare {
  readonly #room: Room;
  readonly #counters: AnswerCounters;
  readonly #nowMs: () => number;
  #bytes = 0;
  #writing: Writing | null = null;

  constructor(room: Room, counters: AnswerCounters, nowMs: () => number) {
    this.#room = room;
    this.#counters = counters;
    this.#nowMs = nowMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(more: number): void {
    this.#become(this.#bytes + more);
    if (this.#room.make(this.#bytes)) return;
    this.release();
    this.#counters.answersRefused += 1;
    throw new Failure('tooManyAnswerBytes', 'Too many answers wait for their readers. Try again.');
  }

  write(left: number, cut: () => void): void {
    const beganMs = this.#nowMs();
    this.#writing = { cut, lastMs: beganMs, sinceMs: beganMs, takenBytes: 0 };
    this.#room.writing.add(this.#writing);
    this.#become(left);
    if (this.#room.make(this.#bytes)) return;
    this.release();
    this.#counters.answersRefused += 1;
    cut();
  }

  taken(some: number): void {
    const now = this.#writing;
    if (now === null) return;
    now.lastMs = this.#nowMs();
    if (now.lastMs - now.sinceMs > speedOverMs) {
      now.sinceMs = now.lastMs;
      now.takenBytes = 0;
    }
    now.takenBytes += some;
    this.#become(Math.max(0, this.#bytes - some));
  }

  release(): void {
    this.#become(0);
    if (this.#writing !== null) this.#room.writing.delete(this.#writing);
    this.#writing = null;
  }

  #become(wanted: number): void {
    this.#counters.answerBytes += wanted - this.#bytes;
    this.#bytes = wanted;
  }
}
