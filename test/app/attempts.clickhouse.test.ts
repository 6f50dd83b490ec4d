/**
 * Attempts on a real Sluice, and what each is answered: every route with every credential, right and wrong, and what
 * was given to one reader in the hands of others.
 */
import { expect, it } from 'vitest';
import { type AnsweredEvent, streamId } from '../../schemas/wire.ts';
import { routes, socketRoutes } from '../../src/server/route-table.ts';
import { eventLike, type Page, untilFound } from '../../support/events.ts';
import { send } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { connect } from '../../support/wire-client.ts';
import { ask, credentials, follow, headersOf, make, open, owner, placeOf, token, window } from './access-world.ts';

/** Short names of the columns. */
const who: Readonly<Record<string, string>> = {
  ...{ none: 'nothing', wrong: 'another auth string', late: 'an expired token', gone: 'a revoked token' },
  ...{ forged: 'a forged token', nosig: 'a JWT without a signature', hs256: 'a JWT by HS256' },
  ...{ key: 'a JWT of another key', iss: 'a JWT of another issuer', aud: 'a JWT for another audience' },
  ...{ old: 'an expired JWT', url: 'a token in the URL', read: 'a token that may read' },
  ...{ write: 'a token that may write', admin: 'a token that may admin', jwt: 'a JWT that reads' },
  auth: 'the auth string',
};

/** Rows are routes, columns who asks, cells the status of the answer; of a socket `ok`, or the code of its close. */
const table = `
route                            none wrong late gone forged nosig hs256 key  iss  aud  old  url  read write admin jwt  auth
GET_/health                      200  200   200  200  200    200   200   200  200  200  200  200  200  200   200   200  200
GET_/ready                       200  200   200  200  200    200   200   200  200  200  200  200  200  200   200   200  200
GET_/ready?verbose=1             401  401   401  401  401    401   401   401  401  401  401  401  403  403   200   403  200
GET_/openapi.json                200  200   200  200  200    200   200   200  200  200  200  200  200  200   200   200  200
GET_/asyncapi.json               200  200   200  200  200    200   200   200  200  200  200  200  200  200   200   200  200
GET_/docs                        200  200   200  200  200    200   200   200  200  200  200  200  200  200   200   200  200
GET_/version                     401  401   401  401  401    401   401   401  401  401  401  401  200  200   200   200  200
GET_/admin/version               401  401   401  401  401    401   401   401  401  401  401  401  200  200   200   200  200
GET_/metrics                     401  401   401  401  401    401   401   401  401  401  401  401  403  403   200   403  200
GET_/admin/connections           401  401   401  401  401    401   401   401  401  401  401  401  403  403   200   403  200
GET_/admin/status                401  401   401  401  401    401   401   401  401  401  401  401  403  403   200   403  200
GET_/admin/dead-letter           401  401   401  401  401    401   401   401  401  401  401  401  403  403   200   403  200
GET_/admin/dead-letter/replay    401  401   401  401  401    401   401   401  401  401  401  401  403  403   200   403  200
POST_/admin/dead-letter/replay   401  401   401  401  401    401   401   401  401  401  401  401  403  403   202   403  202
DELETE_/admin/connections/0      401  401   401  401  401    401   401   401  401  401  401  401  403  403   404   403  404
POST_/events                     401  401   401  401  401    401   401   401  401  401  401  401  403  204   403   403  204
POST_/events/filter              401  401   401  401  401    401   401   401  401  401  401  401  200  403   403   200  200
GET_/events/filter/next          401  401   401  401  401    401   401   401  401  401  401  401  422  403   403   422  422
POST_/events/count-by/event      401  401   401  401  401    401   401   401  401  401  401  401  200  403   403   200  200
GET_/events/count-by/event?last=7 401  401   401  401  401    401   401   401  401  401  401  401  422  403   403   422  422
POST_/events/export              401  401   401  401  401    401   401   401  401  401  401  401  200  403   403   200  200
GET_/events/out?filter=7         401  401   401  401  401    401   401   401  401  401  401  401  422  403   403   422  422
GET_/nowhere                     401  401   401  401  401    401   401   401  401  401  401  401  404  404   404   404  404
WS_/events/in                    1008 1008  1008 1008 1008   1008  1008  1008 1008 1008 1008 1008 1008 ok    1008  1008 ok
WS_/events/out                   1008 1008  1008 1008 1008   1008  1008  1008 1008 1008 1008 1008 ok   1008  1008  ok   ok
`;

const [head = [], ...rows] = table
  .trim()
  .split('\n')
  .map((line) => line.split(/\s+/));
const columns = head.slice(1);
const bodies: Readonly<Record<string, unknown>> = { '/events': [], '/events/count-by/event': { filter: {} } };

/** A path with a good token in it, as various servers take one. */
function withToken(path: string): string {
  const secret = credentials.get('a token that may read') ?? '';
  const words = ['token', 'access_token', 'authorization', 'api_key'].map((name) => `${name}=${secret}`);
  return `${path}${path.includes('?') ? '&' : '?'}${words.join('&')}`;
}

async function attempt(route: string, column: string): Promise<string> {
  const [method = '', path = ''] = route.split('_');
  const name = who[column] ?? '';
  const asked = column === 'url' ? withToken(path) : path;
  if (method === 'WS') return dial(asked, name);
  const body = method === 'POST' ? (bodies[path] ?? {}) : undefined;
  return String((await ask(method, asked, name, body)).status);
}

async function dial(path: string, name: string): Promise<string> {
  const socket = await connect(open, `/api${path}`, {});
  socket.send(JSON.stringify({ type: 'auth', token: credentials.get(name) ?? null }));
  const said = await Promise.race([socket.next().catch(() => null), socket.closed]);
  const isIn = said === '{"type":"auth_success"}';
  if (isIn) void socket.close();
  return isIn ? 'ok' : String((await socket.closed).code);
}

it('law: each of the attempts of the table has its answer, and no route is missing', async () => {
  const answers = rows.map(([route = '']) => Promise.all(columns.map((column) => attempt(route, column))));
  const seen = (await Promise.all(answers)).map((cells, at) => [rows[at]?.[0], ...cells]);
  expect(seen).toEqual(rows);
  expect(rows.length * columns.length).toBeGreaterThan(300);
  const tried = rows.map(([route = '']) => route.replace('_', ' ').split('?')[0]);
  for (const { method, path } of [...routes, ...socketRoutes]) {
    expect(tried).toContain(`${method} ${path.replace(':countable', 'event').replace(':id', '0')}`);
  }
});

it("law: a page, an export, a place of a feed are of no use to others, nor to their owner's successor", async () => {
  const events = Array.from({ length: 12 }, () =>
    eventLike({ event: 'attempt', resource: { 'prefect.resource.id': 'thing', tenant: 'a' } }),
  );
  await ask('POST', '/events', 'a token that may write', events);
  await untilFound(owner, { occurred: window, event: { name: ['attempt'] } }, events.length);
  const words = ['--read', '--filter', JSON.stringify({ resource: { labels: { tenant: ['a'] } } })];
  credentials.set('the owner', await make('owner', ...words));
  await until('it holds', async () => (await ask('GET', '/version', 'the owner')).status === 200 || undefined);

  const page = JSON.parse((await ask('POST', '/events/filter', 'the owner', { limit: 5 })).text) as Page; // as answered
  const next = new URL(page.next_page ?? '');
  const exported = await ask('POST', '/events/export', 'the owner', {});
  const line = JSON.parse(exported.text.split('\n')[0] ?? '') as AnsweredEvent; // as stored
  const exportToken = exported.headers['sluice-export-token'];
  const feed = await follow('the owner', { filter: { occurred: window } });
  await until('the history', () => feed.events().length >= events.length || undefined);
  const place = placeOf(feed);
  void feed.close();

  const attempts: Readonly<Record<string, (name: string) => Promise<number>>> = {
    'the next page': async (name) => (await ask('GET', `${next.pathname.slice(4)}${next.search}`, name)).status,
    'the page, signature changed': async (name) => {
      const changed = next.search.replace(/.{6}$/, 'AAAAAA');
      return (await ask('GET', `${next.pathname.slice(4)}${changed}`, name)).status;
    },
    'the rest of the export': async (name) => {
      const after = { occurred: line.occurred, id: line.id };
      return (await ask('POST', '/events/export', name, { token: exportToken, after })).status;
    },
    'the rest of the feed, by a socket': async (name) => {
      const socket = await follow(name, { filter: { occurred: window }, resume: place });
      const said = await Promise.race([socket.closed, until('a frame', () => socket.frames()[0])]);
      void socket.close();
      return 'code' in said ? said.code : 200;
    },
    'the rest of the feed, by a stream': async (name) => {
      const headers = { ...headersOf(name), 'last-event-id': streamId(place.position, place.token) };
      const asked = new AbortController();
      const answer = await fetch(`${open.baseUrl()}/api/events/out`, { headers, signal: asked.signal });
      asked.abort();
      return answer.status;
    },
  };
  const others = ['a', 'b', 'a token that may read', 'a JWT that reads', 'the auth string'];
  const refusals = { ...Object.fromEntries(Object.keys(attempts).map((what) => [what, 403])) };
  refusals['the rest of the feed, by a socket'] = 1008;
  const answersOf = async (name: string) =>
    Object.fromEntries(await Promise.all(Object.entries(attempts).map(async ([what, run]) => [what, await run(name)])));
  for (const name of others) expect([name, await answersOf(name)]).toEqual([name, refusals]);
  const own = Object.fromEntries(Object.keys(attempts).map((what) => [what, 200]));
  expect(await answersOf('the owner')).toEqual({ ...own, 'the page, signature changed': 403 });

  // A new token of the same name is somebody else.
  await token('revoke', 'owner');
  const gone = credentials.get('the owner') ?? '';
  credentials.set('the owner', await make('owner', ...words));
  await until('it holds', async () => (await ask('GET', '/version', 'the owner')).status === 200 || undefined);
  expect(await answersOf('the owner')).toEqual(refusals);
  const { status } = await send(open, {
    path: next.pathname + next.search,
    headers: { authorization: `Bearer ${gone}` },
  });
  expect(status).toBe(401);
});
