/**
 * How many sockets may be authenticating at once (I4): the library gathers a whole message before it hands it over, so what unknown peers
 * can make us hold is their number times the largest message. Handshakes beyond that wait, which costs nothing: stock clients do
 * not try a refused one again.
 */
import type { FailureName } from '../base/errors.ts';
import type { ServerCounters } from './counters.ts';

/** A handshake that waits so long is refused; stock clients give up after 10 s. */
const waitMsMax = 9_000;
/** While handshakes wait, who takes longer to authenticate than this makes room: the message follows the handshake at once. */
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
  /** In the order in which they came, with when. */
  const waiting = new Map<WaitingHandshake, number>();
  const holders = new Map<PlaceHolder, number>();
  let timer: NodeJS.Timeout | null = null;
  let isAdmitting = false;

  function look(): void {
    const now = nowMs();
    for (const [handshake, sinceMs] of waiting) {
      if (now - sinceMs < waitMsMax) break;
      forget(handshake);
      counters.handshakesRefused += 1;
      handshake.refuse('tooManyAuthenticating');
    }
    if (waiting.size === 0) {
      rest();
      return;
    }
    // No more than wait: nobody is hurried for nothing.
    let wanted = waiting.size;
    for (const [holder, sinceMs] of [...holders]) {
      if (now - sinceMs < crowdedMs || wanted === 0) break;
      wanted -= 1;
      holder.late();
    }
  }

  function forget(handshake: WaitingHandshake): boolean {
    const hasWaited = waiting.delete(handshake);
    counters.handshakesWaiting = waiting.size;
    return hasWaited;
  }

  function rest(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  function admit(): void {
    isAdmitting = false;
    for (const [handshake] of waiting) {
      if (holders.size >= placesMax) return;
      forget(handshake);
      handshake.begin();
    }
  }

  return {
    enter(handshake) {
      if (waiting.size === 0 && holders.size < placesMax) {
        handshake.begin();
        return;
      }
      waiting.set(handshake, nowMs());
      counters.handshakesWaiting = waiting.size;
      timer ??= setInterval(look, lookMs);
    },
    forget,
    hold: (holder) => void holders.set(holder, nowMs()),
    leave(holder) {
      if (!holders.delete(holder) || waiting.size === 0 || isAdmitting) return;
      isAdmitting = true;
      // Apart from the handlers of the socket that leaves.
      setImmediate(admit);
    },
    stop() {
      rest();
      for (const handshake of [...waiting.keys()]) {
        forget(handshake);
        handshake.refuse('shuttingDown');
      }
    },
  };
}
