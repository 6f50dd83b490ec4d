/** Follows the bytes of one direction of a WebSocket connection: whether what it carried ends inside a frame. */

const headEnd = '\r\n\r\n';
const headCharactersMax = 16_384;

export class FramePlace {
  /** Of HTTP; null behind it. */
  #head: string | null = '';
  #isSocket = false;
  /** Of a frame that has begun: its header so far, and how much of its payload is still to come. */
  #header: number[] = [];
  #payloadLeft = 0;

  get isInside(): boolean {
    return this.#header.length > 0 || this.#payloadLeft > 0;
  }

  take(bytes: Buffer): void {
    let rest = bytes;
    if (this.#head !== null) {
      const before = this.#head.length;
      this.#head += bytes.toString('latin1');
      const end = this.#head.indexOf(headEnd);
      if (end < 0 && this.#head.length < headCharactersMax) return;
      this.#isSocket = /^upgrade: *websocket/im.test(this.#head.slice(0, end));
      this.#head = null;
      rest = bytes.subarray(end + headEnd.length - before);
    }
    if (this.#isSocket) this.#takeFrames(rest);
  }

  #takeFrames(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#payloadLeft > 0) {
        const step = Math.min(this.#payloadLeft, bytes.length - at);
        this.#payloadLeft -= step;
        at += step;
        continue;
      }
      this.#header.push(bytes[at]!); // within its length
      at += 1;
      const length = payloadLengthOf(this.#header);
      if (length === null) continue;
      this.#header = [];
      this.#payloadLeft = length;
    }
  }
}

/** Null for a header that is not whole. */
function payloadLengthOf(header: readonly number[]): number | null {
  const second = header[1];
  if (second === undefined) return null;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (header.length < 2 + lengthBytes + (second >= 0x80 ? 4 : 0)) return null;
  if (lengthBytes === 0) return short;
  return header.slice(2, 2 + lengthBytes).reduce((length, byte) => length * 256 + byte, 0);
}
