/**
 * Where ClickHouse answers: given by a URL, or by the embedded engine, which gets a new port and password at each
 * start.
 */
import { type Observable, of } from 'rxjs';
import { StartRefused } from '../base/errors.ts';

export interface Endpoint {
  /** `http://host:port`, nothing else in it. */
  readonly url: string;
  /** The path of its HTTP interface; '' for the usual one. That of the embedded engine is a secret: never logged. */
  readonly pathname: string;
  readonly username: string;
  /** A secret: never logged. */
  readonly password: string;
  readonly database: string;
}

export type EndpointState =
  /** `others` may be asked in its place, or are the shards behind the first (layout.ts). */
  | { readonly endpoint: Endpoint; readonly others?: readonly Endpoint[] }
  /** Nothing to connect to for now; `reason` is a sentence. */
  | { readonly endpoint: null; readonly reason: string };

export interface EndpointSource {
  /** For people: which ClickHouse this is, without its password. */
  readonly where: string;
  /** Replays the current state. */
  readonly endpoint$: Observable<EndpointState>;
  stop(): Promise<void>;
}

/**
 * A ClickHouse that runs elsewhere: `http://user:password@host:8123/database`, or several of them with commas between,
 * which name one database; the password may also be given by itself, as it is. Throws StartRefused for anything else,
 * with a sentence that holds nothing of the URL.
 */
export function remoteClickhouse(clickhouseUrl: string, password: string | null = null): EndpointSource {
  const [endpoint, ...others] = urlsOf(clickhouseUrl).map((url) => readEndpoint(url, password));
  if (endpoint === undefined) throw new StartRefused(`${wanted}.`);
  if (others.some(({ database }) => database !== endpoint.database)) {
    throw new StartRefused('The URLs in CLICKHOUSE_URL name different databases: it must be the same one in each.');
  }
  const hosts = [endpoint, ...others].map(({ url }) => url);
  return {
    where: `${hosts.join(', ')}/${endpoint.database}`,
    endpoint$: of({ endpoint, others }),
    stop: () => Promise.resolve(),
  };
}

/** A comma within a password has no `http://` behind it: a slash there would be encoded. */
export function urlsOf(clickhouseUrl: string): string[] {
  return clickhouseUrl.split(/,\s*(?=https?:\/\/)/);
}

const wanted = 'CLICKHOUSE_URL must look like http://user:password@host:8123/database';
/** Passwords that a generator made hold them all. */
const encoding =
  'In a user or a password, write % as %25, : as %3A, / as %2F, ? as %3F, # as %23, @ as %40, [ as %5B, ] ' +
  'as %5D and \\ as %5C; ' +
  'or give the password as it is by SLUICE_CLICKHOUSE_PASSWORD';

function readEndpoint(clickhouseUrl: string, password: string | null): Endpoint {
  // What the URL's own parser would drop without a word.
  const hasControls = [...clickhouseUrl].some((character) => character < ' ' || character === '\x7f');
  const url = URL.canParse(clickhouseUrl) && !hasControls ? new URL(clickhouseUrl) : null;
  if (url === null) throw new StartRefused(`${wanted}. ${encoding}.`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new StartRefused(`${wanted}: it is ClickHouse's HTTP interface that is needed, not "${url.protocol}".`);
  }
  const path = url.pathname.replace(/^\/|\/$/g, '');
  if (path.includes('/') || path.includes('@') || url.search !== '' || url.hash !== '') {
    throw new StartRefused(`${wanted}: after the host only the name of one database may follow. ${encoding}.`);
  }
  if (password !== null && url.password !== '') {
    throw new StartRefused(
      'CLICKHOUSE_URL holds a password, and SLUICE_CLICKHOUSE_PASSWORD another one: leave one out.',
    );
  }
  return {
    url: url.origin,
    pathname: '',
    username: decoded(url.username) || 'default',
    password: password ?? decoded(url.password),
    database: decoded(path) || 'default',
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new StartRefused(`${wanted}: a % in it does not begin the two digits of an encoded byte. ${encoding}.`, {
      cause,
    });
  }
}
