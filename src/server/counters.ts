/**
 * What the edge counts (I4): every refusal that it makes by itself has a number here.
 */

/**
 * When a peer left: while its handshake waited, before its body was whole, before the first byte of its answer, in the
 * midst of an answer that comes in parts, in that of an event stream. `glued`: before its answer, in the turn in which
 * its request came; then it was most likely the library, which closes a connection when another request comes before
 * the answer.
 */
export type Stage = 'handshake' | 'body' | 'answer' | 'pour' | 'stream' | 'glued';

export interface ServerCounters {
  /** Connections at this moment. */
  connections: number;
  producers: number;
  subscribers: number;
  /** Handshakes that wait for a place to authenticate. */
  handshakesWaiting: number;
  requests: number;
  /** Answers with status 500 and connections closed with 1011 by a fault of ours. */
  faults: number;
  /** Peers that left before they had their answer, by what was under way: that is no fault. */
  readonly gone: Record<Stage, number>;
  unauthorized: number;
  /** A credential without the right that was needed. */
  forbidden: number;
  /** Refused for the limits of a token. */
  limited: number;
  /** Heads that can be read in more than one way. */
  doubtful: number;
  /** Bodies that were too large, packed, too slow, or too many at once. */
  bodiesRefused: number;
  /** Held of answers that are read or wait for their readers. */
  answerBytes: number;
  /** Answers refused for want of room, and broken off because their readers did not read. */
  answersRefused: number;
  answersStalled: number;
  /** Connections let go because there are too many. */
  connectionsRefused: number;
  /** Handshakes refused because all places are taken. */
  socketsRefused: number;
  /** Handshakes that waited in vain for a place to authenticate. */
  handshakesRefused: number;
  /** First messages larger than an auth message is. */
  longAuthMessages: number;
  /** Sockets broken off because all messages together held too much. */
  pressed: number;
  /** Sockets that did not authenticate, or send their filter, in time. */
  late: number;
  /** Peers that answered no ping, and subscribers that read nothing for too long. */
  silent: number;
  stalled: number;
}

export function createServerCounters(): ServerCounters {
  return {
    connections: 0,
    producers: 0,
    subscribers: 0,
    handshakesWaiting: 0,
    requests: 0,
    faults: 0,
    gone: { handshake: 0, body: 0, answer: 0, pour: 0, stream: 0, glued: 0 },
    unauthorized: 0,
    forbidden: 0,
    limited: 0,
    doubtful: 0,
    bodiesRefused: 0,
    answerBytes: 0,
    answersRefused: 0,
    answersStalled: 0,
    connectionsRefused: 0,
    socketsRefused: 0,
    handshakesRefused: 0,
    longAuthMessages: 0,
    pressed: 0,
    late: 0,
    silent: 0,
    stalled: 0,
  };
}
