/**
 * Where ClickHouse answers: given by a URL, or by the embedded engine, which gets a new port and password at each start.
 */
import { type Observable, of } from 'rxjs';
import { StartRefused } from '../errors.ts';

export interface Endpoint {
  /** `http://host:port`, nothing else in it. */
  readonly url: string;
  readonly username: string;
  /** A secret: never logged. */
  readonly password: string;
  readonly database: string;
}

export type EndpointState =
  | { readonly endpoint: Endpoint }
  /** Nothing to connect to for now; `reason` is a sentence. */
  | { readonly endpoint: null; readonly reason: string };

export interface EndpointSource {
  /** For people: which ClickHouse this is, without its password. */
  readonly where: string;
  /** Replays the current state. */
  readonly endpoint$: Observable<EndpointState>;
  stop(): Promise<void>;
}

/** A ClickHouse that runs elsewhere: `http://user:password@host:8123/database`. Throws StartRefused for anything else. */
export function remoteClickhouse(clickhouseUrl: string): EndpointSource {
  const endpoint = readEndpoint(clickhouseUrl);
  return {
    where: `${endpoint.url}/${endpoint.database}`,
    endpoint$: of({ endpoint }),
    stop: () => Promise.resolve(),
  };
}

function readEndpoint(clickhouseUrl: string): Endpoint {
  const url = URL.canParse(clickhouseUrl) ? new URL(clickhouseUrl) : null;
  const wanted = 'CLICKHOUSE_URL must look like http://user:password@host:8123/database';
  if (url === null) throw new StartRefused(`${wanted}.`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new StartRefused(`${wanted}: it is ClickHouse's HTTP interface that is needed, not "${url.protocol}".`);
  }
  const path = url.pathname.replace(/^\/|\/$/g, '');
  if (path.includes('/') || url.search !== '' || url.hash !== '') {
    throw new StartRefused(`${wanted}: after the host only the name of one database may follow.`);
  }
  return {
    url: url.origin,
    username: decodeURIComponent(url.username) || 'default',
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(path) || 'default',
  };
}
