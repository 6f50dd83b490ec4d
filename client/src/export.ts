/** All events that fit a filter, oldest first, in one answer that goes on where it broke off. An extension. */
import type { AnsweredEvent } from '../../schemas/wire.ts';
import { SluiceError } from './errors.ts';
import type { EventFilter } from './event-filter.ts';
import type { Http } from './http.ts';
import { lastLineOf, linesOf, readBlocks } from './read-lines.ts';
import { Attempts } from './retry.ts';

export interface ExportOptions {
  /** Goes on behind this place, as of the same moment; the filter plays no part then. */
  readonly resume?: ExportPlace | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Up to where an export was read. */
export interface ExportPlace {
  readonly token: string;
  /** Of the last event that came. */
  readonly after: { readonly occurred: string; readonly id: string };
}

/** To be iterated once. */
export interface EventExport extends AsyncIterable<AnsweredEvent> {
  /** The events as stored, one by one; their own text. */
  texts(): AsyncGenerator<string>;
  /** The same, as many at a time as came together. */
  batches(): AsyncGenerator<readonly string[]>;
  /** The same as bytes: whole lines, each with its newline. Nothing is decoded. */
  blocks(): AsyncGenerator<Uint8Array>;
  /** Behind the last text that was asked for; null before the first one. */
  readonly place: ExportPlace | null;
}

export function createExport(http: Http, filter: EventFilter, { resume, signal }: ExportOptions): EventExport {
  const reading = new Reading(http, filter, resume ?? null, signal);
  async function* texts(): AsyncGenerator<string> {
    for await (const block of reading.blocks()) {
      for (const text of linesOf(block).filter(isLine)) {
        reading.took(text);
        yield text;
      }
    }
  }
  async function* events(): AsyncGenerator<AnsweredEvent> {
    for await (const text of texts()) yield JSON.parse(text);
  }
  async function* batches(): AsyncGenerator<readonly string[]> {
    for await (const block of blocks()) yield linesOf(block).filter(isLine);
  }
  async function* blocks(): AsyncGenerator<Uint8Array> {
    for await (const block of reading.blocks()) {
      reading.took(lastLineOf(block));
      yield block;
    }
  }
  return {
    texts,
    batches,
    blocks,
    [Symbol.asyncIterator]: events,
    get place() {
      return reading.place;
    },
  };
}

class Reading {
  readonly #http: Http;
  readonly #filter: EventFilter;
  readonly #signal: AbortSignal | undefined;
  #token: string | null;
  /** Before the first text of this reading. */
  readonly #resume: ExportPlace | null;
  #last = '';

  constructor(http: Http, filter: EventFilter, resume: ExportPlace | null, signal: AbortSignal | undefined) {
    this.#http = http;
    this.#filter = filter;
    this.#resume = resume;
    this.#token = resume?.token ?? null;
    this.#signal = signal;
  }

  get place(): ExportPlace | null {
    if (this.#token === null || this.#last === '') return this.#resume;
    return { token: this.#token, after: placeOf(this.#last) };
  }

  took(text: string): void {
    this.#last = text;
  }

  /** Whoever takes a block says so by `took` before the next. */
  async *blocks(): AsyncGenerator<Uint8Array> {
    const attempts = new Attempts(this.#http.retry, this.#signal);
    for (;;) {
      try {
        for await (const block of this.#once()) {
          attempts.succeeded();
          yield block;
        }
        return;
      } catch (error) {
        await attempts.failed(error);
      }
    }
  }

  async *#once(): AsyncGenerator<Uint8Array> {
    const { place } = this;
    const response = await this.#http.once({
      method: 'POST',
      path: '/events/export',
      body: place ?? { filter: this.#filter },
      accept: 'application/x-ndjson',
      signal: this.#signal,
    });
    this.#token = response.headers.get('sluice-export-token') ?? this.#token;
    if (response.body === null || this.#token === null) {
      throw new SluiceError('The answer is no export: this server has none', { failure: 'noExport', retryable: false });
    }
    yield* readBlocks(response.body);
  }
}

function isLine(text: string): boolean {
  return text !== '';
}

/** `received` stands last, behind `id` and `follows`, and `occurred` first: the payload is not looked at. */
const ends = /^\{"occurred":"([^"]+)"|"id":"([0-9a-f-]{36})","follows":(?:null|"[^"]*"),"received":"[^"]*"\}$/g;

function placeOf(text: string): ExportPlace['after'] {
  const [first, last] = [...text.matchAll(ends)];
  const occurred = first?.[1];
  const id = last?.[2];
  if (occurred !== undefined && id !== undefined) return { occurred, id };
  const event: AnsweredEvent = JSON.parse(text);
  return { occurred: event.occurred, id: event.id };
}
