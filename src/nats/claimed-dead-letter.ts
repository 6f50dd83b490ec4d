/**
 * The dead letter that all gateways share, for the one that holds the table writer's lease: it alone puts events in,
 * behind a message that names its term, and so nobody of an earlier term does any more.
 */
import type { StoredMsg } from '@nats-io/jetstream';
import { LeaseLost } from '../base/lease.ts';
import type { DeadEvent, DeadLetter } from '../table-writer/ports.ts';
import { textOfEvent } from './dead-event-text.ts';
import type { After } from './publish-behind.ts';

/** Which gateway puts events in: terms rise within an epoch. */
export interface DeadLetterTerm {
  readonly epoch: string;
  readonly term: number;
}

/** It takes no more: nothing is written into ClickHouse until some of it is replayed. */
export class DeadLetterFull extends Error {
  override readonly name = 'DeadLetterFull';
}

/** What it may do with the stream. */
export interface DeadLetterAccess extends Pick<DeadLetter, 'entries'> {
  readonly name: string;
  newest(subject: string): Promise<StoredMsg | null>;
  publish(subject: string, text: string, after: After): Promise<number | null>;
  remove(fits: (seq: number) => boolean, upTo: number): Promise<void>;
  info(): Promise<{ readonly last: number; readonly room: number }>;
}

export class ClaimedDeadLetter implements DeadLetter {
  readonly #stream: DeadLetterAccess;
  readonly #term: DeadLetterTerm;
  /** Up to this message all is known to be of this term, or older. */
  #last: number;

  constructor(stream: DeadLetterAccess, term: DeadLetterTerm, last: number) {
    this.#stream = stream;
    this.#term = term;
    this.#last = last;
  }

  entries(): AsyncIterable<DeadEvent> {
    return this.#stream.entries();
  }

  remove(fits: (seq: number) => boolean): Promise<void> {
    return this.#stream.remove(fits, this.#last);
  }

  /** Once for each seq, whatever became of an answer. Rejects with LeaseLost where a later term has begun. */
  async add(event: Omit<DeadEvent, 'at'>): Promise<void> {
    const { seq, row } = event;
    const [, id = ''] = row.split('\t', 2);
    const subject = `${eventsOf(this.#stream.name)}.${seq}.${id}`;
    const text = textOfEvent(event);
    const { room } = await this.#stream.info();
    if (Buffer.byteLength(text) > room && (await this.#stream.newest(subject)) === null)
      throw fullOf(this.#stream.name);
    for (;;) {
      const kept = await this.#stream.publish(subject, text, { last: this.#last, subjectLast: 0 });
      if (kept !== null) {
        this.#last = kept;
        return;
      }
      const { last } = await this.#stream.info();
      const found = await this.#stream.newest(subject);
      // Read last of all: what was found before it is no later than this term.
      await this.#insist();
      this.#last = Math.max(this.#last, last);
      if (found !== null) return;
    }
  }

  async #insist(): Promise<void> {
    const found = await this.#stream.newest(termOf(this.#stream.name));
    if (found?.string() === textOfTerm(this.#term)) return;
    throw new LeaseLost('the dead letter is kept by another gateway now');
  }
}

/** Subjects of its events, without what names one. */
export function eventsOf(name: string): string {
  return `${name.toLowerCase()}.e`;
}

/** Subject of the message that names the term. */
export function termOf(name: string): string {
  return `${name.toLowerCase()}.term`;
}

/** Of one length, so that it takes the place of the one before in a full stream too. */
export function textOfTerm({ epoch, term }: DeadLetterTerm): string {
  return JSON.stringify({ version: 1, epoch, term }).padEnd(200);
}

export function fullOf(name: string): DeadLetterFull {
  return new DeadLetterFull(
    `The dead letter ${name} is full: replay it, give some of it up by \`sluice dead-letter drop\`, or make the ` +
      'stream larger. Until then nothing is written into ClickHouse.',
  );
}
