/**
 * What the edge counts (I4): every refusal that it makes by itself has a number here.
 */
export interface ServerCounters {
  /** Connections at this moment. */
  producers: number;
  subscribers: number;
  /** Handshakes that wait for a place to authenticate. */
  handshakesWaiting: number;
  requests: number;
  /** Answers with status 500 and connections closed with 1011 by a fault of ours. */
  faults: number;
  unauthorized: number;
  /** Bodies that were too large, too slow, or too many at once. */
  bodiesRefused: number;
  /** Handshakes refused because all places are taken. */
  socketsRefused: number;
  /** Handshakes that waited in vain for a place to authenticate. */
  handshakesRefused: number;
  /** First messages larger than an auth message is. */
  longAuthMessages: number;
  /** Sockets that did not authenticate, or send their filter, in time. */
  late: number;
  /** Peers that answered no ping, and subscribers that read nothing for too long. */
  silent: number;
  stalled: number;
}

export function createServerCounters(): ServerCounters {
  return {
    producers: 0,
    subscribers: 0,
    handshakesWaiting: 0,
    requests: 0,
    faults: 0,
    unauthorized: 0,
    bodiesRefused: 0,
    socketsRefused: 0,
    handshakesRefused: 0,
    longAuthMessages: 0,
    late: 0,
    silent: 0,
    stalled: 0,
  };
}
