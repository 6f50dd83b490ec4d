/** What a publisher is asked for, and what it promises. */
import type { SentEvent } from '../../schemas/wire.ts';
import type { RejectedError, SluiceError } from './errors.ts';

/** An event to send: `occurred` and `id` are made where they are left out. */
export type NewEvent = Omit<SentEvent, 'occurred'> & { readonly occurred?: string | Date };

export interface PublisherOptions {
  /** Text of events that wait for their acknowledgement. Default 8 MiB. */
  readonly bufferBytesMax?: number | undefined;
  /** A refused event of `enqueue`; without it the next `flush` rejects with an AggregateError. */
  readonly onReject?: ((event: SentEvent, error: RejectedError) => void) | undefined;
  readonly onStatus?: ((status: PublisherStatus) => void) | undefined;
}

export interface Publisher extends AsyncDisposable {
  /** Waits for room; resolves when the event is durable, rejects with RejectedError or the signal's reason. */
  emit(event: NewEvent, signal?: AbortSignal): Promise<void>;
  /** False: the buffer is full, and the event was not taken. */
  enqueue(event: NewEvent): boolean;
  /** Resolves when the buffer has room again. */
  room(signal?: AbortSignal): Promise<void>;
  /** Resolves when all that was taken is durable or refused. */
  flush(signal?: AbortSignal): Promise<void>;
  /** Flushes, and ends; what is unanswered when the signal is aborted rejects as `unknown`. */
  close(signal?: AbortSignal): Promise<void>;
  readonly status: PublisherStatus;
}

export interface PublisherStatus {
  readonly phase: 'idle' | 'connecting' | 'open' | 'waiting' | 'closed';
  /** `durable`: an acknowledged event survives. `plain`: the server says only that it has read it. */
  readonly promise: 'durable' | 'plain' | null;
  readonly error: SluiceError | null;
  /** Events and bytes that wait for their acknowledgement. */
  readonly waitingEvents: number;
  readonly waitingBytes: number;
}
