/**
 * The feed as an event stream, where no WebSocket comes through: fetch and a parser, with the same listener as a Link.
 * Each message is turned into the frame that a socket would have brought.
 */
import { parseStreamId, type StreamClose } from '../../schemas/wire.ts';
import type { Beginning } from './checkpoint.ts';
import { checkpointOf } from './checkpoint.ts';
import { asSluiceError, SluiceError } from './errors.ts';
import type { Http } from './http.ts';
import type { LinkListener } from './link.ts';
import { readLines } from './read-lines.ts';

/** Longer ones may be refused on their way. */
const urlCharactersMax = 8_000;
/** A server says something every 20 s, unless it is set up otherwise. */
const silentMs = 50_000;

export function streamPath({ filter, backfill, resume }: Beginning): string {
  const query = new URLSearchParams({ filter: JSON.stringify(filter), backfill: String(backfill), positions: 'true' });
  if (resume !== null) query.set('last-event-id', checkpointOf(resume.position, resume.token));
  return `/events/out?${query}`;
}

export function fitsUrl(beginning: Beginning): boolean {
  return streamPath(beginning).length <= urlCharactersMax;
}

type StreamListener = Omit<LinkListener, 'opened' | 'isWaiting'> & { opened(): void };

export class StreamLink {
  readonly canPause = true;
  readonly #listener: StreamListener;
  readonly #abort = new AbortController();
  #isOpen = false;
  #resumed: Promise<void> | null = null;
  #resume: () => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(http: Http, beginning: Beginning, listener: StreamListener) {
    this.#listener = listener;
    this.#read(http, streamPath(beginning)).then(
      () => this.#end(new SluiceError('The stream ended', { failure: 'closed', retryable: true })),
      (error: unknown) => this.#end(asSluiceError(error)),
    );
  }

  pause(): void {
    this.#resumed ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume();
    this.#resumed = null;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  async #read(http: Http, path: string): Promise<void> {
    const { signal } = this.#abort;
    this.#heard();
    const response = await http.once({ method: 'GET', path, accept: 'text/event-stream', signal });
    if (response.body === null) return;
    this.#isOpen = true;
    this.#listener.opened();
    let message: StreamFields = {};
    for await (const lines of readLines(response.body)) {
      this.#heard();
      for (const line of lines) {
        if (line !== '') readField(message, line);
        else if (message.data !== undefined) {
          this.#take(message);
          message = {};
        }
      }
      if (this.#resumed !== null) await this.#paused();
      if (signal.aborted) return;
    }
  }

  async #paused(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#resumed;
    this.#heard();
  }

  #take({ event, id = '', data = '' }: StreamFields): void {
    if (event === 'close') throw failureOf(JSON.parse(data));
    if (event !== undefined) {
      this.#listener.received(data);
      return;
    }
    const position = parseStreamId(id)?.position ?? '';
    this.#listener.received(
      `{"type":"event","event":${data},"position":${/^\d+$/.test(`${position}`) ? position : `"${position}"`}}`,
    );
  }

  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#end(new SluiceError('The server is silent', { failure: 'silent', retryable: true }));
      this.#abort.abort();
    }, silentMs);
  }

  #end(error: SluiceError): void {
    clearTimeout(this.#timer);
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#listener.ended(error, this.#isOpen);
  }
}

interface StreamFields {
  event?: string;
  id?: string;
  data?: string;
}

function readField(message: StreamFields, line: string): void {
  const cut = line.indexOf(': ');
  const name = line.slice(0, cut);
  if (name === 'data' || name === 'id' || name === 'event') message[name] = line.slice(cut + 2);
}

function failureOf({ code, reason, failure = 'closed', retry_after_ms: retryAfterMs }: StreamClose): SluiceError {
  return new SluiceError(reason, { failure, code, retryable: retryAfterMs !== undefined, retryAfterMs });
}
