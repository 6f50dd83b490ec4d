/**
 * A publisher at work: one connection at a time, everything unanswered sent again on the next.
 *
 *          first event            auth_success               ended, retryable
 *   idle ─────────────► connecting ───────────► open ──────────────────────────► waiting
 *                           ▲  │ ended                                              │
 *                           │  └───────────────────────────────────────────────────►│
 *                           └───────────────────────────────────────────────────────┘ after a while
 *   close(), or a failure for good, from anywhere ──► closed
 *
 * A server without acks is `plain`: there events go by POST (post-plain.ts).
 */
import type { AckFrame, InFrame, RejectFrame, SentEvent } from '../../schemas/wire.ts';
import { RejectedError, SluiceError } from './errors.ts';
import type { Http } from './http.ts';
import { Link, type LinkParts } from './link.ts';
import { makeId } from './make-id.ts';
import { Outbox } from './outbox.ts';
import { PlainPoster } from './post-plain.ts';
import type { NewEvent, Publisher, PublisherOptions, PublisherStatus } from './publisher.ts';
import { delayMsOf, type Retry, within } from './retry.ts';

export interface PublishParts extends LinkParts {
  readonly http: Http;
  /** Without end, by default. */
  readonly retry: Retry;
}

const bufferBytesMaxDefault = 8 * 1024 * 1024;
/** Of refusals that nobody asked for until the next flush. */
const refusalsMax = 1_000;

export class SocketPublisher implements Publisher {
  readonly #parts: PublishParts;
  readonly #options: PublisherOptions;
  readonly #outbox: Outbox;
  #phase: PublisherStatus['phase'] = 'idle';
  #promise: PublisherStatus['promise'] = null;
  #error: SluiceError | null = null;
  #link: Link | null = null;
  #plain: PlainPoster | null = null;
  #failures = 0;
  #hasRenewed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #refusals: RejectedError[] = [];
  #refused = 0;

  constructor(parts: PublishParts, options: PublisherOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#outbox = new Outbox({
      bytesMax: options.bufferBytesMax ?? bufferBytesMaxDefault,
      onReject: options.onReject ?? ((_, error) => this.#keepRefusal(error)),
    });
  }

  get status(): PublisherStatus {
    return {
      phase: this.#phase,
      promise: this.#promise,
      error: this.#error,
      waitingEvents: this.#outbox.size,
      waitingBytes: this.#outbox.bytes,
    };
  }

  emit(event: NewEvent, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#throwIfClosed();
      if (signal?.aborted) throw signal.reason;
      const sent = complete(event);
      const text = JSON.stringify(sent);
      const ended = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', ended, { once: true });
      const settle = (error: Error | null): void => {
        signal?.removeEventListener('abort', ended);
        if (error === null) resolve();
        else reject(error);
      };
      if (this.#outbox.hasRoom) this.#take(sent, text, settle);
      else this.#outbox.whenRoom(() => this.#takeLate(sent, text, settle, signal));
    });
  }

  enqueue(event: NewEvent): boolean {
    this.#throwIfClosed();
    if (!this.#outbox.hasRoom) return false;
    const sent = complete(event);
    this.#take(sent, JSON.stringify(sent), null);
    return true;
  }

  room(signal?: AbortSignal): Promise<void> {
    return within(new Promise((resolve) => this.#outbox.whenRoom(resolve)), signal);
  }

  async flush(signal?: AbortSignal): Promise<void> {
    await within(this.#outbox.flushed(), signal);
    const refusals = this.#refusals;
    if (refusals.length === 0) return;
    const refused = this.#refused;
    this.#refusals = [];
    this.#refused = 0;
    throw new AggregateError(refusals, `${refused} events were refused`);
  }

  async close(signal?: AbortSignal): Promise<void> {
    if (this.#phase === 'closed') return;
    try {
      await this.flush(signal);
    } finally {
      this.#close(null);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #throwIfClosed(): void {
    if (this.#phase !== 'closed') return;
    throw this.#error ?? new SluiceError('The publisher is closed', { failure: 'closed', retryable: false });
  }

  #takeLate(sent: SentEvent, text: string, settle: (error: Error | null) => void, signal?: AbortSignal): void {
    if (signal?.aborted) return;
    if (this.#phase === 'closed') settle(new RejectedError('The publisher is closed', 'closed', sent));
    else this.#take(sent, text, settle);
  }

  #take(event: SentEvent, text: string, settle: ((error: Error | null) => void) | null): void {
    this.#outbox.add(event, text, settle);
    if (this.#phase === 'open') this.#pump();
    else if (this.#phase === 'idle') this.#connect();
  }

  #pump(): void {
    if (this.#plain !== null) {
      this.#plain.wake();
      return;
    }
    for (let entry = this.#outbox.next(); entry !== null; entry = this.#outbox.next()) this.#link?.send(entry.text);
  }

  #connect(): void {
    this.#enter('connecting');
    this.#link = new Link(this.#parts, '/events/in', {
      opened: (link, { acks }) => this.#opened(link, acks),
      received: (text) => this.#received(text),
      isWaiting: () => this.#outbox.size > 0,
      ended: (error, wasOpen) => this.#ended(error, wasOpen),
    });
  }

  #opened(link: Link, acks: boolean): void {
    this.#promise = acks ? 'durable' : 'plain';
    if (!acks) {
      link.close();
      this.#link = null;
      this.#plain = new PlainPoster(this.#parts.http, this.#outbox, (error) => this.#close(error));
    }
    this.#enter('open');
    this.#pump();
  }

  #received(text: string): void {
    const frame: InFrame = JSON.parse(text);
    if (frame.type === 'ack') this.#acknowledged(frame);
    else if (frame.type === 'reject') this.#rejected(frame);
  }

  #acknowledged({ message }: AckFrame): void {
    this.#failures = 0;
    this.#hasRenewed = false;
    this.#outbox.acknowledge(message);
  }

  #rejected({ message, failure, reason }: RejectFrame): void {
    this.#outbox.reject(message, failure, reason);
  }

  #ended(error: SluiceError, wasOpen: boolean): void {
    this.#link = null;
    this.#outbox.rewind();
    const mayRenew =
      !wasOpen && error.failure === 'unauthorized' && this.#parts.endpoints.mayRenew && !this.#hasRenewed;
    this.#hasRenewed ||= mayRenew;
    this.#failures += 1;
    if ((!error.retryable && !mayRenew) || this.#failures >= this.#parts.retry.attemptsMax) {
      this.#close(error);
      return;
    }
    this.#error = error;
    if (this.#outbox.size === 0) {
      this.#enter('idle');
      return;
    }
    this.#enter('waiting');
    const delayMs = delayMsOf(this.#parts.retry, this.#failures, error.retryAfterMs, Math.random());
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  /** Null: the caller wants it so. Nothing is left unanswered. */
  #close(error: SluiceError | null): void {
    if (this.#phase === 'closed') return;
    clearTimeout(this.#timer);
    this.#link?.close();
    this.#plain?.stop();
    if (error !== null) this.#error = error;
    this.#enter('closed');
    this.#outbox.giveUp(
      error?.failure ?? 'unknown',
      error?.message ?? 'The publisher was closed before an answer came',
    );
  }

  #keepRefusal(error: RejectedError): void {
    this.#refused += 1;
    if (this.#refusals.length < refusalsMax) this.#refusals.push(error);
  }

  #enter(phase: PublisherStatus['phase']): void {
    this.#phase = phase;
    this.#options.onStatus?.(this.status);
  }
}

function complete(event: NewEvent): SentEvent {
  const { occurred, id } = event;
  if (typeof occurred === 'string' && id !== undefined) return event as SentEvent; // both are there
  const now = new Date();
  return {
    ...event,
    occurred:
      occurred === undefined ? now.toISOString() : typeof occurred === 'string' ? occurred : occurred.toISOString(),
    id: id ?? makeId(now.getTime()),
  };
}
