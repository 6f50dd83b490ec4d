/**
 * Peers that speak the protocol: a question over HTTP, a socket that has authenticated. What they are told is counted.
 */
import { authMessage, type ErrorFrame, parseFrame } from '../../schemas/wire.ts';
import { type Answer, post } from '../../support/http.ts';
import { dial, type WireClient } from '../../support/wire-client.ts';
import type { Field } from './kind.ts';

/** Null where no answer came: the connection was refused or broke. */
export async function ask(field: Field, path: string, body: unknown): Promise<Answer | null> {
  const answer = await post(field.target, path, body).catch((error: Error) => {
    field.tally.add(`no answer: ${codeOf(error)}`);
    return null;
  });
  if (answer !== null) field.tally.answered(answer.status, answer.text, answer.headers['retry-after']);
  return answer;
}

export interface Peer {
  readonly socket: WireClient;
  readonly isOpen: boolean;
  /** How it ended, once it did: the failure's name, or its close. */
  ended(): string | null;
  drop(): void;
}

export interface PeerOptions {
  /** A producer wants to be told of its bad messages instead of being closed. */
  readonly rejects?: boolean;
  readonly onMessage?: (message: string) => void;
}

/** A socket whose peer has authenticated, and asks for names. Null where it was not let in. */
export async function openPeer(
  field: Field,
  path: '/api/events/in' | '/api/events/out',
  { rejects = false, onMessage = () => undefined }: PeerOptions = {},
): Promise<Peer | null> {
  const handshake = await dial(field.target, path, { handshakeMs: 40_000 }).catch((error: Error) => {
    field.tally.add(`no handshake: ${codeOf(error)}`);
    return null;
  });
  if (handshake === null) return null;
  if (!handshake.accepted) {
    field.tally.answered(handshake.status, handshake.body, handshake.retryAfter);
    return null;
  }
  const { socket } = handshake;
  let failure: string | null = null;
  let ended: string | null = null;
  let isDropped = false;
  const isIn = new Promise<boolean>((resolve) => {
    socket.onMessage = (message) => {
      resolve(true);
      if (message.startsWith('{"type":"error"')) failure = parseFrame<ErrorFrame>(message).failure;
      onMessage(message);
    };
    void socket.closed.then(({ code, reason }) => {
      resolve(false);
      ended = failure ?? `${code} ${reason}`;
      if (!isDropped) field.tally.closed(code, reason, failure);
    });
  });
  socket.send(authMessage(null, rejects, true));
  const drop = (): void => {
    isDropped = true;
    socket.drop();
  };
  if (!(await isIn)) return null;
  return {
    socket,
    get isOpen() {
      return ended === null;
    },
    ended: () => ended,
    drop,
  };
}

function codeOf(error: Error & { readonly code?: string }): string {
  return error.code ?? error.message.replaceAll(/\d+/g, 'N').slice(0, 60);
}

/** Producers, one behind the other, that stay and are told of each bad message. `send` sends some. */
export async function produceOn(field: Field, send: (socket: WireClient) => Promise<void>): Promise<void> {
  const onMessage = (message: string): void => {
    if (message.startsWith('{"type":"reject"')) field.tally.add('reject');
  };
  while (!field.isOver()) {
    const peer = await openPeer(field, '/api/events/in', { rejects: true, onMessage });
    while (peer !== null && peer.ended() === null && !field.isOver()) {
      await send(peer.socket);
      await peer.socket.ping().catch(() => undefined);
    }
    peer?.drop();
  }
}
