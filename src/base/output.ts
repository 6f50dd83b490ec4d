/**
 * Lines to a descriptor that may be a full disk, a closed pipe or a terminal that stands still: they wait in a bounded
 * queue, are written beside the event loop, and are left out and counted when nobody takes them. Nothing here blocks,
 * throws or ends the process (I4).
 */
import { constants, openSync, write, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { codeOf } from './file-port.ts';

export const waitingBytesMax = 1024 * 1024;
const writeBytesMax = 64 * 1024;
/** The wait after a write for which the reader had no room, and after one that failed. */
const fullMs = 50;
const failedMs = 1_000;
const pollMs = 5;

export class Output {
  readonly #file: number;
  readonly #lost: (lines: number) => string;
  readonly #lines: Buffer[] = [];
  /** All that waits, the write under way included. */
  #waitingBytes = 0;
  /** The first of what waits; null between two writes. */
  #chunk: Buffer | null = null;
  #phase: 'idle' | 'writing' | 'pausing' = 'idle';
  #dropped = 0;
  #told = 0;

  /** `lost` makes a line that says how many were left out, once lines are taken again. */
  constructor(descriptor: 1 | 2, lost: (lines: number) => string) {
    this.#file = withoutWaiting(descriptor);
    this.#lost = lost;
    process.on('exit', () => this.#writeLastWords());
  }

  /** Lines left out because too much was waiting. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a whole line with its end. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > waitingBytesMax) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#phase === 'idle') this.#begin();
  }

  /** Waits until all is written, no longer than the deadline. */
  async flush(deadlineMs: number): Promise<void> {
    for (let waitedMs = 0; this.#waitingBytes > 0 && waitedMs < deadlineMs; waitedMs += pollMs) await wait(pollMs);
  }

  #begin(): void {
    const chunk = this.#next();
    if (chunk === null) return;
    this.#phase = 'writing';
    write(this.#file, chunk, (error, bytes) => {
      this.#phase = 'idle';
      if (error === null) this.#wrote(chunk, bytes);
      if (error === null) this.#begin();
      else this.#pause(codeOf(error) === 'EAGAIN' ? fullMs : failedMs);
    });
  }

  #pause(ms: number): void {
    this.#phase = 'pausing';
    const go = (): void => {
      this.#phase = 'idle';
      this.#begin();
    };
    setTimeout(go, ms).unref();
  }

  #next(): Buffer | null {
    if (this.#chunk !== null) return this.#chunk;
    if (this.#lines.length === 0) this.#tellLost();
    let count = 0;
    for (let bytes = 0; count < this.#lines.length && bytes < writeBytesMax; count += 1) {
      bytes += this.#lines[count]?.length ?? 0;
    }
    this.#chunk = count === 0 ? null : Buffer.concat(this.#lines.splice(0, count));
    return this.#chunk;
  }

  #wrote(chunk: Buffer, bytes: number): void {
    this.#waitingBytes -= bytes;
    this.#chunk = bytes < chunk.length ? chunk.subarray(bytes) : null;
  }

  #tellLost(): void {
    if (this.#dropped === this.#told) return;
    const line = Buffer.from(this.#lost(this.#dropped - this.#told));
    this.#told = this.#dropped;
    this.#lines.push(line);
    this.#waitingBytes += line.length;
  }

  /** What a process that ends can still say at once; a write under way comes to its end by itself. */
  #writeLastWords(): void {
    if (this.#phase === 'writing') this.#chunk = null;
    try {
      for (let chunk = this.#next(); chunk !== null; chunk = this.#next()) {
        this.#wrote(chunk, writeSync(this.#file, chunk));
      }
    } catch {
      // Nobody takes them.
    }
  }
}

/**
 * A descriptor on which a write never waits for the reader: then it fails with EAGAIN, and is tried again. Node opens
 * pipes and sockets so when it makes their stream; a terminal, which it does not, is opened once more.
 */
function withoutWaiting(descriptor: 1 | 2): number {
  const stream = descriptor === 1 ? process.stdout : process.stderr;
  stream.on('error', () => undefined);
  if (!isatty(descriptor)) return descriptor;
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return descriptor;
  }
}
