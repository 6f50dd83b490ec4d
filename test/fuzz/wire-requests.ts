/**
 * HTTP requests of the wire fuzz: a method, a path, a credential, headers and a body, each right as a rule and wrong
 * now and then, as the bytes that are written and the pieces in which they go.
 */
import { type Choices, eventJson, filterJson, spoilt, value } from './wire-words.ts';

/** Secrets by name, living and dead ones. */
export type Secrets = ReadonlyMap<string, string>;

export interface WireCase {
  /** Which route it means: its method and path in the table, or `none`. */
  readonly route: string;
  readonly pieces: readonly Buffer[];
  /** The server waits for more: nothing needs to come. */
  readonly isUnfinished: boolean;
}

interface Meant {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const closing = { route: 'DELETE /admin/connections/:id', method: 'DELETE' };
const countables = ['event', 'resource', 'time', 'day', 'label:tenant', 'label:%2F', 'nothing', ''];

/** What earlier answers gave: page and export tokens, places of feeds. */
export interface Found {
  readonly pageTokens: string[];
  readonly exportTokens: string[];
}

function meant(by: Choices, found: Found): Meant {
  const get = (path: string, query = ''): Meant => ({
    route: `GET ${path}`,
    method: 'GET',
    path: path + query,
    body: undefined,
  });
  const post = (path: string, body: unknown, filled = path): Meant => ({
    route: `POST ${path}`,
    method: 'POST',
    path: filled,
    body,
  });
  const filter = (): string => encodeURIComponent(JSON.stringify(filterJson(by)));
  const unit = () => by.pick(['hour', 'day', 'minute', 'x']);
  return by.weighed<Meant>([
    [
      4,
      () =>
        post(
          '/events',
          Array.from({ length: by.pick([0, 1, 1, 1, 2, 40]) }, () => eventJson(by)),
        ),
    ],
    [4, () => post('/events/filter', { filter: filterJson(by), limit: by.pick([1, 5, 50, 0, 51, 'x']) })],
    [2, () => get('/events/filter/next', `?page-token=${encodeURIComponent(by.pick(['x', '', ...found.pageTokens]))}`)],
    [
      3,
      () =>
        post(
          '/events/count-by/:countable',
          { filter: filterJson(by), time_unit: unit(), time_interval: by.pick([1, 0.01, -1]) },
          `/events/count-by/${by.pick(countables)}`,
        ),
    ],
    [
      2,
      () =>
        post(
          '/events/export',
          by.chance(0.6)
            ? { filter: filterJson(by) }
            : { token: by.pick(['x', ...found.exportTokens]), after: value(by, 2) },
        ),
    ],
    [
      2,
      () =>
        get(
          '/events/out',
          `?filter=${filter()}&backfill=${by.pick(['true', '0'])}&positions=${by.pick(['1', ''])}&last-event-id=${by.pick(['', '5@x', '@'])}`,
        ),
    ],
    [1, () => get('/health')],
    [1, () => get('/ready', by.pick(['', '?verbose=1']))],
    [1, () => get('/metrics')],
    [1, () => get('/version')],
    [1, () => get('/admin/version')],
    [1, () => get('/admin/connections')],
    [1, () => ({ ...get(`/admin/connections/${by.pick(['0', '1', '9999999', '-1', 'x', '%20'])}`), ...closing })],
    [1, () => get('/admin/status')],
    [1, () => get('/admin/dead-letter/replay')],
    [1, () => post('/admin/dead-letter/replay', value(by, 2))],
    [1, () => get('/admin/dead-letter', by.pick(['', '?limit=1', '?limit=x', '?after=0']))],
    [
      1,
      () => ({
        ...get(
          `/events/count-by/${by.pick(countables)}`,
          `?filter=${filter()}&time_unit=${unit()}&last=${by.pick(['', '10m', 'x'])}&limit=${by.pick(['', '5', 'x'])}`,
        ),
        route: 'GET /events/count-by/:countable',
      }),
    ],
    [1, () => get(by.pick(['/openapi.json', '/asyncapi.json', '/docs']))],
    [
      1,
      () => ({
        ...get(
          by.pick([
            '/nowhere',
            '/',
            '/events',
            '/events/in',
            `/${'a/'.repeat(500)}`,
            '/%00',
            '/%ff',
            '//x',
            '/events/..%2f',
          ]),
        ),
        route: 'none',
      }),
    ],
  ]);
}

export function httpCase(by: Choices, secrets: Secrets, found: Found): WireCase {
  const { route, method, path, body } = meant(by, found);
  const text = body === undefined ? Buffer.alloc(0) : spoilt(by, JSON.stringify(body));
  const isOdd = by.chance(0.15);
  const sentMethod = isOdd
    ? by.pick(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'X'.repeat(30)])
    : method;
  const framing = by.weighed<'length' | 'chunked' | 'long' | 'short' | 'none'>([
    [12, () => 'length'],
    [2, () => 'chunked'],
    [1, () => 'long'],
    [1, () => 'short'],
    [1, () => 'none'],
  ]);
  const lengths = { length: text.length, long: text.length + 10, short: Math.max(0, text.length - 3) };
  const headers = [
    `Host: ${by.chance(0.97) ? 'a' : by.pick(['127.0.0.1', 'x'.repeat(300), ''])}`,
    ...credentialOf(by, secrets),
    ...(body !== undefined || isOdd
      ? [`Content-Type: ${by.pick(['application/json', 'application/json', 'text/plain', 'x'])}`]
      : []),
    ...(framing === 'chunked' ? ['Transfer-Encoding: chunked'] : []),
    ...(framing in lengths && (body !== undefined || isOdd)
      ? [`Content-Length: ${lengths[framing as keyof typeof lengths]}`]
      : []),
    ...(by.chance(0.1) ? [oddHeader(by)] : []),
  ];
  const head = `${sentMethod} ${by.chance(0.8) ? '/api' : ''}${path}${by.chance(0.05) ? '/' : ''} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
  const sentBody = framing === 'chunked' ? chunked(by, text) : text;
  const whole = Buffer.concat([by.chance(0.03) ? spoilt(by, head) : Buffer.from(head, 'latin1'), sentBody]);
  const bytes = by.chance(0.05) ? whole.subarray(0, by.below(whole.length)) : whole;
  return { route: isOdd ? 'none' : route, pieces: cut(by, bytes), isUnfinished: bytes !== whole || framing === 'long' };
}

function oddHeader(by: Choices): string {
  return by.pick([
    'Expect: 100-continue',
    'Connection: close',
    'Connection: Upgrade',
    'Origin: https://elsewhere.example',
    'Last-Event-ID: 7@x',
    'X-Forwarded-For: 1.2.3.4',
    'Forwarded: for=1.2.3.4;proto=https;host="a"',
    'Content-Length: 5',
    'Transfer-Encoding: gzip',
    'Accept-Encoding: gzip',
    'Authorization: Bearer twice',
    `Cookie: ${'c'.repeat(by.pick([10, 5_000]))}`,
    'Upgrade: h2c',
    ' folded: line',
    'no colon',
  ]);
}

function credentialOf(by: Choices, secrets: Secrets): string[] {
  const secret = by.chance(0.5) ? (secrets.get('the auth string') ?? '') : by.pick([...secrets.values()]);
  const base64 = Buffer.from(secret).toString('base64');
  return by.weighed<string[]>([
    [4, () => [`Authorization: Bearer ${secret}`]],
    [20, () => [`Authorization: Basic ${base64}`]],
    [1, () => []],
    [1, () => [`Authorization: Basic ${secret}`]],
    [1, () => [`Authorization: bearer ${secret}`]],
    [1, () => [`Authorization: ${by.pick(['', 'Basic', 'Bearer ', 'Digest x', `Bearer ${'t'.repeat(6_000)}`])}`]],
    [1, () => [`Authorization: Bearer ${secret.slice(0, -1)}${by.pick(['A', '', '..', 'é'])}`]],
  ]);
}

function chunked(by: Choices, text: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    const size = Math.min(text.length - at, 1 + by.below(200));
    parts.push(Buffer.from(`${size.toString(16)}\r\n`), text.subarray(at, at + size), Buffer.from('\r\n'));
    at += size;
  }
  parts.push(Buffer.from(by.pick(['0\r\n\r\n', '0\r\n\r\n', '0\r\n\r\n', '-1\r\n\r\n', 'zz\r\n', ''])));
  return Buffer.concat(parts);
}

/** Mostly as a whole. */
export function cut(by: Choices, bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  const count = by.weighed<number>([
    [8, () => 1],
    [2, () => 2],
    [1, () => 5],
  ]);
  let at = 0;
  for (let nth = 1; nth < count; nth += 1) {
    const to = at + by.below(bytes.length - at + 1);
    pieces.push(bytes.subarray(at, to));
    at = to;
  }
  pieces.push(bytes.subarray(at));
  return pieces.filter(({ length }) => length > 0);
}
