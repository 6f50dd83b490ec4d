/** One server, as a program holds it. Nothing is opened before something is asked. */
import type { Count } from '../../schemas/count.ts';
import { type CountBy, type CountOptions, countEvents } from './count.ts';
import type { EventFilter } from './event-filter.ts';
import { createExport, type EventExport, type ExportOptions } from './export.ts';
import { Http } from './http.ts';
import type { Message } from './message.ts';
import { type Observed, observed } from './observe.ts';
import type { ConnectOptions } from './options.ts';
import { SocketPublisher } from './publish.ts';
import type { Publisher, PublisherOptions } from './publisher.ts';
import { createQuery, type Query, type QueryOptions } from './query.ts';
import { retryOf } from './retry.ts';
import type { SocketClass } from './socket-port.ts';
import { RunningSubscription, type SubscribeParts } from './subscribe.ts';
import type { SubscribeOptions, Subscription } from './subscription.ts';
import { type LiveCount, type WatchCountOptions, watchCount } from './watch-count.ts';

export class Sluice {
  readonly #http: Http;
  readonly #links: SubscribeParts;

  /** `WebSocket`: where the options have none. */
  constructor(options: ConnectOptions, WebSocket: SocketClass) {
    const http = new Http(options);
    this.#http = http;
    this.#links = {
      http,
      endpoints: http.endpoints,
      WebSocket: options.WebSocket ?? WebSocket,
      retry: retryOf(options.retry, Number.POSITIVE_INFINITY),
    };
  }

  publisher(options: PublisherOptions = {}): Publisher {
    return new SocketPublisher(this.#links, options);
  }

  /** To be iterated once. Throws TypeError for a `from` that is none. */
  subscribe(options: SubscribeOptions = {}): Subscription {
    return new RunningSubscription(this.#links, options);
  }

  /** The same as an Observable; its `unsubscribe` ends the connection. */
  observe(filter: EventFilter = {}, options: Omit<SubscribeOptions, 'filter'> = {}): Observed<Message> {
    return observed((ending) => {
      const signal = options.signal === undefined ? ending : AbortSignal.any([options.signal, ending]);
      return this.subscribe({ ...options, filter, signal });
    });
  }

  query(filter: EventFilter = {}, options: QueryOptions = {}): Query {
    return createQuery(this.#http, filter, options);
  }

  count(by: CountBy, filter: EventFilter = {}, options: CountOptions = {}): Promise<Count[]> {
    return countEvents(this.#http, by, filter, options);
  }

  /** Yields the newest state of the count, for as long as it is asked; it never ends by itself. */
  watchCount(by: CountBy, filter: EventFilter = {}, options: WatchCountOptions = {}): AsyncGenerator<LiveCount, never> {
    return watchCount(this.#links, by, filter, options);
  }

  export(filter: EventFilter = {}, options: ExportOptions = {}): EventExport {
    return createExport(this.#http, filter, options);
  }
}
