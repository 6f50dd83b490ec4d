/**
 * Publishing to a server without acks: by POST, in small batches, and no faster than such a server stores. Its 204 says
 * only that it has read the events. After a break it is asked which of them it has.
 */
import { SluiceError } from './errors.ts';
import type { Http } from './http.ts';
import type { Entry, Outbox } from './outbox.ts';
import { wait } from './retry.ts';

/** As many ids as such a server takes in one question. */
const batchEvents = 50;
const eventsPerSecondMax = 300;
/** Until then it has stored what it has read. */
const settleMs = 6_000;
/** After so many breaks in a row each event goes alone. */
const breaksMax = 3;

interface Outgoing {
  readonly entry: Entry;
  /** Its number on this connection. */
  readonly message: number;
}

export class PlainPoster {
  readonly #http: Http;
  readonly #outbox: Outbox;
  readonly #fail: (error: SluiceError) => void;
  readonly #stopping = new AbortController();
  #isRunning = false;
  #breaks = 0;
  /** Of the outbox, as messages of this connection. */
  #sent = 0;

  /** `fail`: the server refuses for good. */
  constructor(http: Http, outbox: Outbox, fail: (error: SluiceError) => void) {
    this.#http = http;
    this.#outbox = outbox;
    this.#fail = fail;
  }

  wake(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#run()
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) this.#fail(asFailure(error));
      })
      .finally(() => {
        this.#isRunning = false;
      });
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    // What is taken in one turn goes together.
    await wait(0, signal);
    while (this.#outbox.hasUnsent) {
      const batch = this.#take(this.#breaks < breaksMax ? batchEvents : 1);
      await this.#post(batch);
      this.#outbox.acknowledge(this.#sent);
      await wait((batch.length * 1_000) / eventsPerSecondMax, signal);
    }
  }

  #take(eventsMax: number): Outgoing[] {
    const batch: Outgoing[] = [];
    while (batch.length < eventsMax) {
      const entry = this.#outbox.next();
      if (entry === null) break;
      this.#sent += 1;
      batch.push({ entry, message: this.#sent });
    }
    return batch;
  }

  /** Resolves when each of them was read, or refused by itself. */
  async #post(batch: readonly Outgoing[]): Promise<void> {
    let rest = batch;
    while (rest.length > 0) {
      try {
        await this.#send(rest);
        this.#breaks = 0;
        return;
      } catch (error) {
        const failure = asFailure(error);
        if (failure.status === 422 || failure.status === 413) return this.#refused(rest, failure);
        if (!failure.retryable) throw failure;
        this.#breaks += 1;
        rest = await this.#missing(rest);
      }
    }
  }

  /** One of them is bad: each is sent alone. */
  async #refused(batch: readonly Outgoing[], { failure, message }: SluiceError): Promise<void> {
    const [only, ...others] = batch;
    if (only !== undefined && others.length === 0) {
      this.#outbox.reject(only.message, failure, message);
      return;
    }
    for (const one of batch) await this.#post([one]);
  }

  async #send(batch: readonly Outgoing[]): Promise<void> {
    const body = `[${batch.map(({ entry }) => entry.text).join(',')}]`;
    const answer = await this.#http.once({ method: 'POST', path: '/events', body, signal: this.#stopping.signal });
    await answer.body?.cancel();
  }

  /** Those of them that the server does not have, once it has had time to store what it read. */
  async #missing(batch: readonly Outgoing[]): Promise<readonly Outgoing[]> {
    const { signal } = this.#stopping;
    await wait(settleMs, signal);
    const filter = { id: { id: batch.map(({ entry }) => entry.event.id) } };
    const { events } = await this.#http.json<{ readonly events: readonly { readonly id: string }[] }>({
      ...{ method: 'POST', path: '/events/filter', signal },
      body: { filter, limit: batchEvents },
    });
    const known = new Set(events.map(({ id }) => id));
    return batch.filter(({ entry }) => !known.has(entry.event.id?.toLowerCase() ?? ''));
  }
}

function asFailure(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  return new SluiceError(String(error), { failure: 'internal', retryable: false }, { cause: error });
}
