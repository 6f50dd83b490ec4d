/**
 * The events of a publisher that wait for their acknowledgement, in order: those that were sent on this connection and
 * those that were not. Bounded; whoever wants room waits in line.
 */
import type { SentEvent } from '../../schemas/wire.ts';
import { Deque } from './deque.ts';
import { RejectedError } from './errors.ts';

/** One event until it is durable or refused. */
export interface Entry {
  readonly nth: number;
  readonly event: SentEvent;
  readonly text: string;
  /** Null for one that nobody waits for. */
  readonly settle: ((error: Error | null) => void) | null;
  wasSent: boolean;
  isSettled: boolean;
}

export interface OutboxOptions {
  readonly bytesMax: number;
  /** An event that nobody waits for was refused. */
  readonly onReject: (event: SentEvent, error: RejectedError) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #unsent = new Deque<Entry>();
  /** On this connection; its first one is message `#firstMessage`. */
  readonly #sent = new Deque<Entry>();
  #firstMessage = 1;
  #bytes = 0;
  #taken = 0;
  readonly #forRoom = new Deque<() => void>();
  readonly #flushes: { readonly upTo: number; readonly done: () => void }[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#unsent.size + this.#sent.size;
  }

  /** An event larger than the bound has room when nothing else waits. */
  get hasRoom(): boolean {
    return (this.#bytes < this.#options.bytesMax || this.size === 0) && this.#forRoom.size === 0;
  }

  get hasUnsent(): boolean {
    return this.#unsent.size > 0;
  }

  /** Called in turn, each at once when there is room for it. */
  whenRoom(start: () => void): void {
    this.#forRoom.push(start);
    this.#giveRoom();
  }

  add(event: SentEvent, text: string, settle: Entry['settle']): void {
    this.#taken += 1;
    this.#bytes += text.length;
    this.#unsent.push({ nth: this.#taken, event, text, settle, wasSent: false, isSettled: false });
  }

  /** The next one to be sent; null if there is none. */
  next(): Entry | null {
    const entry = this.#unsent.shift();
    if (entry === undefined) return null;
    entry.wasSent = true;
    this.#sent.push(entry);
    return entry;
  }

  /** All messages of this connection up to that one are durable, but for the rejected. */
  acknowledge(message: number): void {
    while (this.#firstMessage <= message) {
      const entry = this.#sent.shift();
      if (entry === undefined) break;
      this.#firstMessage += 1;
      this.#settle(entry, null);
    }
    this.#moved();
  }

  reject(message: number, failure: string, reason: string): void {
    const entry = this.#sent.at(message - this.#firstMessage);
    if (entry !== undefined) this.#settle(entry, new RejectedError(reason, failure, entry.event));
    this.#moved();
  }

  /** The connection is gone: what it left unanswered is sent again, first, with the same ids. */
  rewind(): void {
    const again = this.#sent.takeAll().filter(({ isSettled }) => !isSettled);
    const rest = this.#unsent.takeAll();
    for (const entry of again) this.#unsent.push(entry);
    for (const entry of rest) this.#unsent.push(entry);
    this.#firstMessage = 1;
  }

  /** Nothing more will be answered. */
  giveUp(failure: string, reason: string): void {
    for (const entry of [...this.#sent.takeAll(), ...this.#unsent.takeAll()]) {
      this.#settle(entry, new RejectedError(reason, entry.wasSent ? 'unknown' : failure, entry.event));
    }
    this.#moved();
  }

  /** Resolves when all that was taken so far is settled. */
  flushed(): Promise<void> {
    return new Promise((done) => {
      this.#flushes.push({ upTo: this.#taken, done });
      this.#moved();
    });
  }

  #settle(entry: Entry, error: RejectedError | null): void {
    if (entry.isSettled) return;
    entry.isSettled = true;
    this.#bytes -= entry.text.length;
    if (entry.settle !== null) entry.settle(error);
    else if (error !== null) this.#options.onReject(entry.event, error);
  }

  #moved(): void {
    this.#giveRoom();
    if (this.#flushes.length === 0) return;
    const oldest = this.#sent.first() ?? this.#unsent.first();
    while (this.#flushes[0] !== undefined && (oldest === undefined || oldest.nth > this.#flushes[0].upTo)) {
      this.#flushes.shift()?.done();
    }
  }

  #giveRoom(): void {
    while (this.#forRoom.size > 0 && (this.#bytes < this.#options.bytesMax || this.size === 0)) {
      this.#forRoom.shift()?.();
    }
  }
}
