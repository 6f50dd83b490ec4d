/**
 * What all answers together may hold (I4): from the first row read for one until its last byte was taken by its reader. Where there is no
 * room the next one is refused, but first the slowest reader is let go: nobody keeps the room by not reading.
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
  const writing = new Set<Writing>();

  function slowest(): Writing | null {
    const now = nowMs();
    let found: Writing | null = null;
    let least = leastBytesPerSecond;
    for (const each of writing) {
      const ms = now - each.sinceMs;
      const rate = now - each.lastMs >= patienceMs ? 0 : (each.takenBytes * 1000) / ms;
      if (ms < patienceMs || rate >= least) continue;
      found = each;
      least = rate;
    }
    return found;
  }

  /** Whether there is room for what is held by now, beside `ownBytes` of it, once the slowest were let go. */
  function makeRoom(ownBytes: number): boolean {
    // One alone is always let through: what a page holds has a bound of its own.
    while (counters.answerBytes > bytesMax && counters.answerBytes > ownBytes) {
      const victim = slowest();
      if (victim === null) return false;
      writing.delete(victim);
      counters.answersStalled += 1;
      victim.cut();
    }
    return true;
  }

  function begin(): AnswerShare {
    let bytes = 0;
    let now: Writing | null = null;

    function become(wanted: number): void {
      counters.answerBytes += wanted - bytes;
      bytes = wanted;
    }

    function release(): void {
      become(0);
      if (now !== null) writing.delete(now);
      now = null;
    }

    return {
      get bytes() {
        return bytes;
      },
      add(more) {
        become(bytes + more);
        if (makeRoom(bytes)) return;
        release();
        counters.answersRefused += 1;
        throw new Failure('tooManyAnswerBytes', 'Too many answers wait for their readers. Try again.');
      },
      write(left, cut) {
        const beganMs = nowMs();
        now = { cut, lastMs: beganMs, sinceMs: beganMs, takenBytes: 0 };
        writing.add(now);
        become(left);
        if (makeRoom(bytes)) return;
        release();
        counters.answersRefused += 1;
        cut();
      },
      taken(some) {
        if (now === null) return;
        now.lastMs = nowMs();
        if (now.lastMs - now.sinceMs > speedOverMs) {
          now.sinceMs = now.lastMs;
          now.takenBytes = 0;
        }
        now.takenBytes += some;
        become(Math.max(0, bytes - some));
      },
      release,
    };
  }

  return { begin };
}
