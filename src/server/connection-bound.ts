/**
 * How many connections of any kind are open at once (I4): who comes beyond it is told so and let go at once, so that accepting never
 * fails for want of a descriptor; the library would then try again without end.
 */
import { STATUS_CODES } from 'node:http';
import { failures } from '../errors.ts';
import type { ServerCounters } from './counters.ts';
import type { HttpResponse, TemplatedApp } from './uws.ts';

export interface ConnectionBound {
  /** A connection that had become a WebSocket has closed: the library tells only of those that had not. */
  webSocketClosed(): void;
}

export function boundConnections(
  app: TemplatedApp,
  connectionsMax: number,
  counters: Pick<ServerCounters, 'connections' | 'connectionsRefused'>,
): ConnectionBound {
  /** One more, or one less. */
  function heard(response: HttpResponse, change: number): void {
    counters.connections += change;
    if (change < 0 || counters.connections <= connectionsMax) return;
    counters.connectionsRefused += 1;
    refuse(response);
  }

  app.filter((response, change) => heard(response, Number(change)));
  return {
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
