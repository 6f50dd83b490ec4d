/** A question: the events that fit a filter, page by page, as of its first page. */
import type { AnsweredEvent } from '../../schemas/wire.ts';
import type { EventFilter } from './event-filter.ts';
import type { Http } from './http.ts';
import { splitEvents } from './split-events.ts';

export interface QueryOptions {
  /** Default `DESC`: the newest first. */
  readonly order?: 'ASC' | 'DESC' | undefined;
  /** At most so many events. Default: all. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Each iteration asks anew. */
export interface Query extends AsyncIterable<AnsweredEvent> {
  /** The events as the server wrote them: parsing loses `1.0` and long numbers. */
  texts(): AsyncGenerator<string>;
  /** The texts by pages of at most 50, with how many events fit in all. */
  pages(): AsyncGenerator<QueryPage>;
  /** How many events fit; one request, whatever was read. */
  total(): Promise<number>;
}

export interface QueryPage {
  readonly total: number;
  readonly texts: readonly string[];
}

interface PageTail {
  readonly total: number;
  readonly next_page: string | null;
}

/** As many as the server gives. */
const pageEventsMax = 50;

export function createQuery(http: Http, filter: EventFilter, options: QueryOptions): Query {
  const { signal, limit = Number.POSITIVE_INFINITY, order } = options;
  const body = { filter: order === undefined ? filter : { ...filter, order } };

  async function* pages(): AsyncGenerator<QueryPage> {
    let left = limit;
    const first = { ...body, limit: Math.min(left, pageEventsMax) };
    let text = await http.text({ method: 'POST', path: '/events/filter', body: first, signal });
    for (;;) {
      const { total, next_page: next }: PageTail = JSON.parse(text);
      const texts = splitEvents(text).slice(0, left);
      yield { total, texts };
      left -= texts.length;
      if (next === null || left <= 0) return;
      text = await http.text({ method: 'GET', path: nextPath(next), signal });
    }
  }

  async function* texts(): AsyncGenerator<string> {
    for await (const page of pages()) yield* page.texts;
  }

  async function* events(): AsyncGenerator<AnsweredEvent> {
    for await (const text of texts()) yield JSON.parse(text);
  }

  async function total(): Promise<number> {
    const question = { ...body, limit: 0 };
    const page = await http.json<PageTail>({ method: 'POST', path: '/events/filter', body: question, signal });
    return page.total;
  }

  return { pages, texts, total, [Symbol.asyncIterator]: events };
}

/** Only the token of a link counts: behind a proxy its address may not be ours, and credentials go nowhere else. */
function nextPath(link: string): string {
  return `/events/filter/next${new URL(link, 'http://page').search}`;
}
