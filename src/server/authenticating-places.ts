/**
 * How many sockets may be authenticating at once (I4): the library gathers a whole message before it hands it over, so
 * what unknown peers can make us hold is their number times the largest message. Handshakes beyond that wait, which
 * costs nothing: stock clients do not try a refused one again.
 */
import type { FailureName } from '../base/errors.ts';
import type { ServerCounters } from './counters.ts';

/** A handshake that waits so long is refused; stock clients give up after 10 s. */
const waitMsMax = 9_000;
/**
 * While handshakes wait, who takes longer to authenticate than this makes room: the message follows the handshake at
 * once.
 */
const crowdedMs = 2_000;
const lookMs = 250;

export interface WaitingHandshake {
  /** Called at most once, with a place taken: `leave` must follow. */
  begin(): void;
  refuse(failure: FailureName): void;
}

/** Who has a place. */
export interface PlaceHolder {
  /** Is told that it took too long; it leaves as it ends. */
  late(): void;
}

export interface AuthenticatingPlaces {
  /** Begins at once if there is a place. */
  enter(handshake: WaitingHandshake): void;
  /** The client of a handshake has gone; whether it waited. */
  forget(handshake: WaitingHandshake): boolean;
  /** The place that `begin` took is this one's. */
  hold(holder: PlaceHolder): void;
  /** It has authenticated, or is gone. */
  leave(holder: PlaceHolder): void;
  /** Nobody begins any more. */
  stop(): void;
}

/** Handshakes that wait now, and those that waited in vain. */
export type PlaceCounters = Pick<ServerCounters, 'handshakesWaiting' | 'handshakesRefused'>;

export function createAuthenticatingPlaces(
  placesMax: number,
  counters: PlaceCounters,
  nowMs: () => number = () => performance.now(),
): AuthenticatingPlaces {
  return new Places(placesMax, counters, nowMs);
}

class Places implements AuthenticatingPlaces {
  readonly #placesMax: number;
  readonly #counters: PlaceCounters;
  readonly #nowMs: () => number;
  /** In the order in which they came, with when. */
  readonly #waiting = new Map<WaitingHandshake, number>();
  readonly #holders = new Map<PlaceHolder, number>();
  #timer: NodeJS.Timeout | null = null;
  #isAdmitting = false;

  constructor(placesMax: number, counters: PlaceCounters, nowMs: () => number) {
    this.#placesMax = placesMax;
    this.#counters = counters;
    this.#nowMs = nowMs;
  }

  enter(handshake: WaitingHandshake): void {
    if (this.#waiting.size === 0 && this.#holders.size < this.#placesMax) {
      handshake.begin();
      return;
    }
    this.#waiting.set(handshake, this.#nowMs());
    this.#counters.handshakesWaiting = this.#waiting.size;
    this.#timer ??= setInterval(() => this.#look(), lookMs);
  }

  forget(handshake: WaitingHandshake): boolean {
    const hasWaited = this.#waiting.delete(handshake);
    this.#counters.handshakesWaiting = this.#waiting.size;
    return hasWaited;
  }

  hold(holder: PlaceHolder): void {
    this.#holders.set(holder, this.#nowMs());
  }

  leave(holder: PlaceHolder): void {
    if (!this.#holders.delete(holder) || this.#waiting.size === 0 || this.#isAdmitting) return;
    this.#isAdmitting = true;
    // Apart from the handlers of the socket that leaves.
    setImmediate(() => this.#admit());
  }

  stop(): void {
    this.#rest();
    for (const handshake of [...this.#waiting.keys()]) {
      this.forget(handshake);
      handshake.refuse('shuttingDown');
    }
  }

  #look(): void {
    const now = this.#nowMs();
    for (const [handshake, sinceMs] of this.#waiting) {
      if (now - sinceMs < waitMsMax) break;
      this.forget(handshake);
      this.#counters.handshakesRefused += 1;
      handshake.refuse('tooManyAuthenticating');
    }
    if (this.#waiting.size === 0) {
      this.#rest();
      return;
    }
    // No more than wait: nobody is hurried for nothing.
    let wanted = this.#waiting.size;
    for (const [holder, sinceMs] of [...this.#holders]) {
      if (now - sinceMs < crowdedMs || wanted === 0) break;
      wanted -= 1;
      holder.late();
    }
  }

  #admit(): void {
    this.#isAdmitting = false;
    for (const [handshake] of this.#waiting) {
      if (this.#holders.size >= this.#placesMax) return;
      this.forget(handshake);
      handshake.begin();
    }
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
