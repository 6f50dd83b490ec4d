/**
 * Memory of messages (I4): the library gathers each in a buffer of its socket, says nothing of it before it is whole,
 * and keeps the buffer for the next one. What all peers hold by that shows in the memory of the process alone. Where it
 * grows over its bound every peer is asked: who is within a frame cannot answer. Those who do not are broken off; if
 * all answer, those whose messages were the largest.
 */

/** What a connection tells of itself here. */
export interface PressedPeer {
  /** How many messages, pings and pongs have come from it. */
  readonly signs: number;
  /** Its buffer is as large. */
  readonly longestMessageBytes: number;
  /** False where nothing can be learned: bytes wait for it, and an answer would wait behind them. */
  ask(): boolean;
  /** Breaks it off, so that its buffer is free at once: a close frame would wait for the peer to close, too. */
  breakOff(): void;
}

export interface FramePressureParts {
  /** Memory of which nobody else knows, less what it was at the start; may first return what is free to the system. */
  readonly unseenBytes: (isExact: boolean) => number;
  readonly peers: () => Iterable<PressedPeer>;
  /** Is told of each that is broken off. */
  readonly ended: () => void;
  readonly nowMs: () => number;
}

export interface FramePressureOptions {
  readonly bytesMax: number;
  readonly frameBytesMax: number;
}

/** So long a peer has to answer, by how often what is held has the bound in it: a flood fills it within a second. */
function patienceMs(unseenBytes: number, bound: number): number {
  if (unseenBytes > 2 * bound) return 250;
  return unseenBytes > 1.5 * bound ? 500 : 2_000;
}

/** So often it is looked whether what was nobody's is free by now. */
const restMs = 10_000;

/** Who never sent more than this is not broken off for what it sent. */
const largeMessageBytes = 64 * 1024;

export class FramePressure {
  readonly #parts: FramePressureParts;
  readonly #options: FramePressureOptions;
  /**
   * Who was there, with the signs that it had given by then, or null where it could not be asked; null while all is
   * well.
   */
  #asked: Map<PressedPeer, number | null> | null = null;
  #askedMs = 0;
  /** What stays though all answered: it is not theirs. */
  #restingBytes = 0;
  #restedMs = 0;

  constructor(parts: FramePressureParts, options: FramePressureOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Peers are asked, and the next look should come soon. */
  get isAsking(): boolean {
    return this.#asked !== null;
  }

  /** To be called some times a second. */
  look(): void {
    const { bytesMax } = this.#options;
    const seen = this.#parts.unseenBytes(this.#isRestOver());
    this.#restingBytes = Math.min(this.#restingBytes, seen);
    const bound = Math.max(bytesMax, this.#restingBytes + bytesMax / 4);
    if (seen <= bound) {
      this.#asked = null;
      return;
    }
    const unseenBytes = this.#parts.unseenBytes(true);
    if (unseenBytes <= bound) this.#asked = null;
    else if (this.#asked === null) this.#ask();
    else this.#judge(unseenBytes, bound);
  }

  /** What is free and was not returned looks as if it were held. */
  #isRestOver(): boolean {
    if (this.#restingBytes === 0 || this.#parts.nowMs() - this.#restedMs < restMs) return false;
    this.#restedMs = this.#parts.nowMs();
    return true;
  }

  #ask(): void {
    this.#askedMs = this.#parts.nowMs();
    this.#asked = new Map();
    for (const peer of this.#parts.peers()) {
      const { signs } = peer;
      this.#asked.set(peer, peer.ask() ? signs : null);
    }
  }

  #judge(unseenBytes: number, bound: number): void {
    const waitedMs = this.#parts.nowMs() - this.#askedMs;
    if (waitedMs < patienceMs(unseenBytes, bound)) return;
    const asked = this.#asked ?? new Map<PressedPeer, number | null>();
    // Who has said the least goes first: one who talks on and on was late, and is not within a long message.
    const silent = [...asked]
      .filter(([peer, signs]) => peer.signs === signs)
      .map(([peer]) => peer)
      .sort((one, other) => one.signs - other.signs);
    // Each round is given its time to show.
    this.#askedMs = this.#parts.nowMs();
    const isEnough = this.#breakOff(silent, unseenBytes - bound, () => this.#options.frameBytesMax);
    if (isEnough) return;
    // Who has come since then is asked, too.
    this.#asked = null;
    if (silent.length > 0) {
      this.#ask();
      return;
    }
    const large = [...this.#parts.peers()]
      .filter(({ longestMessageBytes }) => longestMessageBytes >= largeMessageBytes)
      .sort((one, other) => other.longestMessageBytes - one.longestMessageBytes);
    this.#breakOff(large, unseenBytes - bound, ({ longestMessageBytes }) => longestMessageBytes);
    // What is left is not theirs, if nobody came meanwhile.
    const isAskedAll = [...this.#parts.peers()].every((peer) => asked.has(peer));
    if (large.length > 0 || !isAskedAll) return;
    this.#restingBytes = unseenBytes;
    this.#restedMs = this.#parts.nowMs();
  }

  /** As many as hold so many bytes, whether there were enough of them. */
  #breakOff(peers: readonly PressedPeer[], excessBytes: number, bytesOf: (peer: PressedPeer) => number): boolean {
    let freedBytes = 0;
    for (const peer of peers) {
      if (freedBytes >= excessBytes) break;
      freedBytes += bytesOf(peer);
      this.#asked?.delete(peer);
      this.#parts.ended();
      peer.breakOff();
    }
    return freedBytes >= excessBytes;
  }
}
