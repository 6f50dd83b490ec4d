/**
 * Whether a peer still lives, judged once a sweep, and what it tells of itself where memory is short. Sweeps are
 * counted, not time: after a pause of the whole process nobody is judged by an answer that it could not give. A slow
 * reader is left its time (I5): our ping waits behind the bytes that it has not read yet.
 */
import type { PressedPeer } from './frame-pressure.ts';
import type { Socket } from './socket.ts';

export type PeerVerdict = 'alive' | 'silent' | 'stalled';

/** A peer without a sign of life for so many sweeps is gone, if nothing keeps it from answering. */
const silentSweepsMax = 2;

export class Liveness implements PressedPeer {
  readonly breakOff: () => void;
  /** Of life, so far. */
  signs = 0;
  /** Of all messages so far. */
  longestMessageBytes = 0;
  readonly #socket: Socket;
  #quietSweeps = 0;
  #sentFramesAtSign = 0;

  constructor(socket: Socket, breakOff: () => void) {
    this.#socket = socket;
    this.breakOff = breakOff;
  }

  heard(messageBytes: number): void {
    if (messageBytes > this.longestMessageBytes) this.longestMessageBytes = messageBytes;
  }

  /** A message, a ping, a pong, or waiting bytes taken. */
  sign(): void {
    this.signs += 1;
    this.#quietSweeps = 0;
    this.#sentFramesAtSign = this.#socket.sentFrames;
  }

  /** Pings the peer, if an answer can tell anything by its absence. */
  ask(): boolean {
    if (this.#socket.bufferedBytes() > 0) return false;
    this.#socket.ping();
    return true;
  }

  /** Pings the peer if nothing waits for it; `stallSweeps` is how long one may take to read. */
  sweep(stallSweeps: number): PeerVerdict {
    const bytesWait = this.#socket.bufferedBytes() > 0;
    // Frames sent since the last sign may wait unread where we cannot see it: in the kernels' buffers.
    const mayBeReading = bytesWait || this.#socket.sentFrames !== this.#sentFramesAtSign;
    const isOver = this.#quietSweeps >= (mayBeReading ? Math.max(stallSweeps, silentSweepsMax) : silentSweepsMax);
    if (isOver) return mayBeReading ? 'stalled' : 'silent';
    this.#quietSweeps += 1;
    if (!bytesWait) this.#socket.ping();
    return 'alive';
  }
}
