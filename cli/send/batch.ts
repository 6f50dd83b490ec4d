/** Events on their way in one body, `[…,…]`, and where each of them stands in it. Its buffer can be used again. */
import type { EventText } from './event-line.ts';

export class Batch {
  readonly buffer: Buffer<ArrayBuffer>;
  readonly #starts: number[] = [];
  /** Behind the last event. */
  #end = 0;
  readonly #lines: number[] = [];
  readonly #units: number[] = [];

  constructor(buffer: Buffer<ArrayBuffer>) {
    this.buffer = buffer;
  }

  get size(): number {
    return this.#lines.length;
  }

  /** Of progress, of all that it holds. */
  get units(): number {
    return this.#units.reduce((sum, units) => sum + units, 0);
  }

  /** The JSON of all. */
  get body(): Buffer<ArrayBuffer> {
    this.buffer[this.#end] = 0x5d;
    return this.buffer.subarray(0, this.#end + 1);
  }

  hasRoom(bytes: number): boolean {
    return this.#end + bytes + 2 <= this.buffer.length;
  }

  /** Copies the event; there must be room. `line` is counted from 1. */
  add({ block, start, end }: EventText, line: number, units: number): void {
    this.buffer[this.#end] = this.size === 0 ? 0x5b : 0x2c;
    this.#starts.push(this.#end + 1);
    this.#end += 1 + block.copy(this.buffer, this.#end + 1, start, end);
    this.#lines.push(line);
    this.#units.push(units);
  }

  lineOf(at: number): number {
    return this.#lines[at] ?? 0;
  }

  /** Some of it, in a buffer of their own. */
  part(isMeant: (at: number) => boolean): Batch {
    const part = new Batch(Buffer.allocUnsafe(this.#end + 1));
    for (const [at, start] of this.#starts.entries()) {
      if (!isMeant(at)) continue;
      const end = (this.#starts[at + 1] ?? this.#end + 1) - 1;
      part.add({ block: this.buffer, start, end }, this.lineOf(at), this.#units[at] ?? 0);
    }
    return part;
  }
}
