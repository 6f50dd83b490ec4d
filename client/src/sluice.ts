/** One server, as a program holds it. Nothing is opened before something is asked. */
import type { Count } from '../../schemas/count.ts';
import { type CountBy, type CountOptions, countEvents } from './count.ts';
import type { EventFilter } from './event-filter.ts';
import { createExport, type EventExport, type ExportOptions } from './export.ts';
import { Http } from './http.ts';
import type { ConnectOptions } from './options.ts';
import { createQuery, type Query, type QueryOptions } from './query.ts';

export class Sluice {
  readonly #http: Http;

  constructor(options: ConnectOptions) {
    this.#http = new Http(options);
  }

  query(filter: EventFilter = {}, options: QueryOptions = {}): Query {
    return createQuery(this.#http, filter, options);
  }

  count(by: CountBy, filter: EventFilter = {}, options: CountOptions = {}): Promise<Count[]> {
    return countEvents(this.#http, by, filter, options);
  }

  export(filter: EventFilter = {}, options: ExportOptions = {}): EventExport {
    return createExport(this.#http, filter, options);
  }
}
