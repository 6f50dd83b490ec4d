/**
 * The dead letter that all gateways share, as one of them has it: each lists it, and the one that holds the lease puts
 * events in and replays them. It is there once NATS has answered.
 */
import { Failure, firstLineOf, StartRefused } from '../base/errors.ts';
import type { DeadLetterTerm } from '../nats/claimed-dead-letter.ts';
import type { DeadLetterSize, DeadLetterStream } from '../nats/dead-letter-stream.ts';
import type { DeadEvent, DeadLetter } from '../table-writer/ports.ts';

/** What is known of events that ClickHouse does not have, for whoever asks which ids there are. */
export interface DeadIds {
  /** The seqs of all events in it by their ids. */
  ids(): Promise<ReadonlyMap<string, number>>;
  /** Those of these seqs that are in it, by seq. */
  among(isWanted: (seq: number) => boolean): Promise<ReadonlyMap<number, DeadEvent>>;
}

const lookMs = 5_000;

export class SharedDeadLetter implements DeadIds, Pick<DeadLetter, 'entries' | 'remove'> {
  #stream: DeadLetterStream | null = null;
  #timer: NodeJS.Timeout | null = null;
  #size: DeadLetterSize | null = null;

  /** As it was seen last; null before that. */
  get size(): DeadLetterSize | null {
    return this.#size;
  }

  /** Again where the log could not be joined. */
  begin(stream: DeadLetterStream): void {
    this.stop();
    this.#stream = stream;
    this.#look();
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Rejects with a Failure where NATS does not answer. */
  async *entries(): AsyncGenerator<DeadEvent> {
    const entries = this.#opened.entries();
    for (;;) {
      const { done, value } = await entries.next().catch(refuse);
      if (done === true) return;
      yield value;
    }
  }

  remove(fits: (seq: number) => boolean): Promise<void> {
    return this.#opened.remove(fits);
  }

  /** For the holder of the lease; null where a later term has begun. */
  claim(term: DeadLetterTerm): Promise<DeadLetter | null> {
    return this.#opened.claim(term);
  }

  async ids(): Promise<ReadonlyMap<string, number>> {
    return await this.#opened.ids();
  }

  async among(isWanted: (seq: number) => boolean): Promise<ReadonlyMap<number, DeadEvent>> {
    return await this.#opened.among(isWanted);
  }

  get #opened(): DeadLetterStream {
    if (this.#stream !== null) return this.#stream;
    throw new Failure('storeUnavailable', 'NATS has not answered since the start, and it keeps the dead letter.');
  }

  #look(): void {
    this.#stream
      ?.size()
      .then((size) => {
        this.#size = size ?? this.#size;
      })
      .catch(() => undefined);
  }
}

function refuse(cause: unknown): never {
  if (cause instanceof Failure || cause instanceof StartRefused) throw cause;
  const why = firstLineOf(cause);
  throw new Failure('storeUnavailable', `NATS, which keeps the dead letter, does not answer: ${why}`, { cause });
}
