/**
 * Counts the WebSocket frames of a server in bytes that come in any pieces, without copying or parsing them: a load
 * maker has to need less than the server that it measures.
 */

export interface FrameVisitor {
  /** A frame whose payload lies whole in the bytes at hand; small ones always do. */
  whole(bytes: Buffer, from: number, to: number): void;
  /** A frame whose payload came in pieces. */
  torn(): void;
  ping(): void;
  hungUp(code: number): void;
}

/** Frames up to this size are put together. */
const smallBytesMax = 1_000;
const textKind = 1;
const binaryKind = 2;
const closeKind = 8;
const pingKind = 9;

export class FrameBytes {
  readonly #visitor: FrameVisitor;
  /** Of all frames so far, the one under way included. */
  payloadBytes = 0;
  /** Of the payload under way. */
  #left = 0;
  #kind = 0;
  /** A head that came in pieces. */
  readonly #head: Buffer = Buffer.alloc(10);
  #headBytes = 0;
  readonly #small: Buffer = Buffer.alloc(smallBytesMax);
  /** Of a small frame in pieces; -1 if the frame under way is none. */
  #smallBytes = -1;

  constructor(visitor: FrameVisitor) {
    this.#visitor = visitor;
  }

  take(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, to - at);
        if (this.#smallBytes >= 0) {
          bytes.copy(this.#small, this.#smallBytes, at, at + taken);
          this.#smallBytes += taken;
        }
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) this.#endedInPieces();
        continue;
      }
      if (this.#headBytes > 0 || to - at < 10) {
        at = this.#takeHeadByte(bytes, at);
        continue;
      }
      const short = bytes[at + 1]! & 0x7f;
      const size = sizeAt(bytes, at, short);
      this.#kind = bytes[at]! & 0x0f;
      at += headBytesOf(short);
      this.payloadBytes += size;
      if (at + size <= to) {
        this.#ended(bytes, at, at + size);
        at += size;
      } else {
        this.#left = size - (to - at);
        this.#smallBytes = size <= smallBytesMax ? bytes.copy(this.#small, 0, at, to) : -1;
        at = to;
      }
    }
  }

  #takeHeadByte(bytes: Buffer, at: number): number {
    this.#head[this.#headBytes] = bytes[at]!;
    this.#headBytes += 1;
    if (this.#headBytes < 2) return at + 1;
    const short = this.#head[1]! & 0x7f;
    if (this.#headBytes < headBytesOf(short)) return at + 1;
    this.#kind = this.#head[0]! & 0x0f;
    this.#left = sizeAt(this.#head, 0, short);
    this.payloadBytes += this.#left;
    this.#headBytes = 0;
    this.#smallBytes = this.#left <= smallBytesMax ? 0 : -1;
    if (this.#left === 0) this.#endedInPieces();
    return at + 1;
  }

  #endedInPieces(): void {
    if (this.#smallBytes < 0) this.#ended(null, 0, 0);
    else this.#ended(this.#small, 0, this.#smallBytes);
    this.#smallBytes = -1;
  }

  #ended(bytes: Buffer | null, from: number, to: number): void {
    if (this.#kind === textKind || this.#kind === binaryKind) {
      if (bytes === null) this.#visitor.torn();
      else this.#visitor.whole(bytes, from, to);
    } else if (this.#kind === pingKind) this.#visitor.ping();
    else if (this.#kind === closeKind)
      this.#visitor.hungUp(bytes === null || to - from < 2 ? 1005 : bytes.readUInt16BE(from));
  }
}

function headBytesOf(short: number): number {
  return short === 126 ? 4 : short === 127 ? 10 : 2;
}

function sizeAt(bytes: Buffer, at: number, short: number): number {
  if (short === 126) return bytes.readUInt16BE(at + 2);
  return short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
}
