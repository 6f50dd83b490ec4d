/**
 * How many connections of any kind are open at once (I4): who comes beyond it is told so and let go at once, so that
 * accepting never fails for want of a descriptor; the library would then try again without end.
 */
import { STATUS_CODES } from 'node:http';
import { failures } from '../base/errors.ts';
import type { ServerCounters } from './counters.ts';
import type { HttpResponse, TemplatedApp } from './uws.ts';

export interface ConnectionBound {
  /** Of an app; `told` hears of each connection that opens (1), or closes without having become a WebSocket (-1). */
  watch(app: TemplatedApp, told: (change: number) => void): void;
  /** A connection that had become a WebSocket has closed: the library tells only of those that had not. */
  webSocketClosed(): void;
}

export interface ConnectionLimits {
  readonly connectionsMax: number;
  /**
   * How many more may be opened, as the system counts: a WebSocket that was closed from here, and not by its peer, has
   * one for some seconds more.
   */
  readonly descriptorsLeft: () => number;
  /** Of all others: each may hold a head that is not whole, and the library tells of none. */
  readonly unknownMax: number;
  /** WebSockets, streams, and handshakes that wait. */
  readonly known: () => number;
  /**
   * With TLS they are closed without a word: an answer before the handshake is not sent while others are silent, and
   * the connection would stay.
   */
  readonly isSecure: boolean;
}

/** Kept for ourselves whatever our own count says. */
const leastLeft = 32;
const lookMs = 1_000;
/** To look takes as long as there are descriptors. */
const shortLookMs = 50;

export function boundConnections(
  { connectionsMax, descriptorsLeft, unknownMax, known, isSecure }: ConnectionLimits,
  counters: Pick<ServerCounters, 'connections' | 'connectionsRefused'>,
): ConnectionBound {
  let left = Number.POSITIVE_INFINITY;
  let openedSince = 0;
  let lookedMs = Number.NEGATIVE_INFINITY;

  /** Looks when those that came since the last look may have taken half of what was left, and now and then. */
  function isShort(): boolean {
    openedSince += 1;
    const ms = performance.now() - lookedMs;
    const isDue = ms > lookMs || (ms > shortLookMs && 2 * openedSince > left - leastLeft);
    if (isDue) {
      left = descriptorsLeft();
      openedSince = 0;
      lookedMs = performance.now();
    }
    return left - openedSince < leastLeft;
  }

  /** One more, or one less. */
  function heard(response: HttpResponse, change: number): void {
    counters.connections += change;
    if (change < 0) return;
    const hasRoom = counters.connections <= connectionsMax && counters.connections - known() <= unknownMax;
    if (hasRoom && !isShort()) return;
    counters.connectionsRefused += 1;
    if (isSecure) response.close();
    else refuse(response);
  }

  return {
    watch(app, told) {
      const both = (response: HttpResponse, change: Parameters<typeof Number>[0]): void => {
        told(Number(change));
        heard(response, Number(change));
      };
      app.filter(both);
    },
    webSocketClosed() {
      counters.connections -= 1;
    },
  };
}

const { status, retryAfterSeconds } = failures.tooManySockets;

/** Whatever it was about to ask. */
function refuse(response: HttpResponse): void {
  response.cork(() => {
    response
      .writeStatus(`${status} ${STATUS_CODES[status]}`)
      .writeHeader('retry-after', String(retryAfterSeconds))
      .end('', true);
  });
}
