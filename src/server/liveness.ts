/**
 * Whether a peer still lives, judged once a sweep. Sweeps are counted, not time: after a pause of the whole process nobody is judged
 * by an answer it could not give. A slow reader is left its time (I5): our ping waits behind the bytes it has not read yet.
 */
import type { Socket } from './socket.ts';

export type Verdict = 'alive' | 'silent' | 'stalled';

/** A peer without a sign of life for so many sweeps is gone, if nothing keeps it from answering. */
const silentSweepsMax = 2;

export class Liveness {
  /** Of life, so far. */
  signs = 0;
  /** Of all messages so far. */
  longestMessageBytes = 0;
  #quietSweeps = 0;
  #sentFramesAtSign = 0;

  heard(messageBytes: number): void {
    if (messageBytes > this.longestMessageBytes) this.longestMessageBytes = messageBytes;
  }

  /** A message, a ping, a pong, or waiting bytes taken. */
  sign(socket: Socket): void {
    this.signs += 1;
    this.#quietSweeps = 0;
    this.#sentFramesAtSign = socket.sentFrames;
  }

  /** Pings the peer, if an answer can tell anything by its absence. */
  ask(socket: Socket): boolean {
    if (socket.bufferedBytes() > 0) return false;
    socket.ping();
    return true;
  }

  /** Pings the peer if nothing waits for it; `stallSweeps` is how long one may take to read. */
  sweep(socket: Socket, stallSweeps: number): Verdict {
    const bytesWait = socket.bufferedBytes() > 0;
    // Frames sent since the last sign may wait unread where we cannot see it: in the kernels' buffers.
    const mayBeReading = bytesWait || socket.sentFrames !== this.#sentFramesAtSign;
    const isOver = this.#quietSweeps >= (mayBeReading ? Math.max(stallSweeps, silentSweepsMax) : silentSweepsMax);
    if (isOver) return mayBeReading ? 'stalled' : 'silent';
    this.#quietSweeps += 1;
    if (!bytesWait) socket.ping();
    return 'alive';
  }
}
