/** Live counts at the edge: how they are asked for on a socket and as an event stream, and how they end. */
import { expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { ask, now, openAuthenticated, serverOfEachTest, until } from '../../support/fake-server.ts';
import { askRaw } from '../../support/raw-socket.ts';

const running = serverOfEachTest();
const start = async (): Promise<number> => running.start();
const head = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: sluice\r\n\r\n`;
const filter = { event: { name: ['door.opened'] } };

it('are asked for in the place of a filter, with all that POST has and a window that slides', async () => {
  const client = await openAuthenticated(await start(), '/api/events/out');
  const asked = { countable: 'time', filter, time_unit: 'minute', time_interval: 5, limit: 7, last: '1h' };
  client.send(JSON.stringify({ type: 'counts', ...asked }));
  await until(() => running.server.watched.length === 1, 'the count is asked for');
  const { question, form } = running.server.watched[0]!.request;
  expect(form).toBe('socket');
  expect(question).toMatchObject({ countable: 'time', unit: 'minute', interval: 5, groupsMax: 7, lastMs: 3_600_000 });
  expect(question.filter.event.name).toEqual(['door.opened']);
  running.server.watched[0]!.socket.send('{"type":"counts","position":1}');
  expect(await client.next()).toBe('{"type":"counts","position":1}');
  client.drop();
  await until(() => running.server.watched[0]!.isStopped, 'the count is let go');
});

it('have a window that is open where no until is given, and that of the filter else', async () => {
  const client = await openAuthenticated(await start(), '/api/events/out');
  const until_ = '2026-11-22T10:00:00Z';
  client.send(JSON.stringify({ type: 'counts', countable: 'label:region', filter: { occurred: { until: until_ } } }));
  await until(() => running.server.watched.length === 1, 'the count is asked for');
  const { question } = running.server.watched[0]!.request;
  expect(question).toMatchObject({ countable: { label: 'region' }, lastMs: null, groupsMax: null });
  expect(question.filter.occurred.until).toBe(until_);
  const other = await openAuthenticated(running.server.running.port, '/api/events/out');
  other.send(JSON.stringify({ type: 'counts', countable: 'event', filter: {} }));
  await until(() => running.server.watched.length === 2, 'the other one is asked for');
  expect(running.server.watched[1]!.request.question.filter.occurred.until).toBe(null);
});

it.each([
  [{ countable: 'nothing', filter: {} }, /counts: countable: /],
  [{ countable: 'event' }, /counts: filter: Field required/],
  [{ countable: 'event', filter: { events: 1 } }, /Extra inputs are not permitted/],
  [{ countable: 'event', filter: {}, limit: 0 }, /counts: limit: /],
  [{ countable: 'event', filter: {}, last: '1 hour' }, /last: .*a length of time from 1s to ten years/],
  [{ countable: 'event', filter: {}, last: '0.5s' }, /a length of time from 1s/],
  [{ countable: 'event', filter: {}, last: 3600 }, /a length of time from 1s/],
  [{ countable: 'event', filter: { occurred: { since: '2026-11-22' } }, last: '1h' }, /it takes the place of occurred/],
])('are refused by name, with the reason before the close: %j', async (asked, reason) => {
  const client = await openAuthenticated(await start(), '/api/events/out');
  client.send(JSON.stringify({ type: 'counts', ...asked }));
  const frame = JSON.parse(await client.next());
  expect(frame).toMatchObject({ type: 'error', failure: 'badFilter' });
  expect(frame.reason).toMatch(/^Invalid counts: /);
  expect(frame.reason).toMatch(reason);
  expect((await client.untilClosed()).code).toBe(1002);
});

it('end a socket with the name of their failure and 1008 for too many groups', async () => {
  const client = await openAuthenticated(await start(), '/api/events/out');
  client.send(JSON.stringify({ type: 'counts', countable: 'event', filter: {} }));
  await until(() => running.server.watched.length === 1, 'the count is asked for');
  running.server.watched[0]!.listener.failed(new Failure('tooManyGroups', 'too many groups: at most 10000'));
  const reason = 'too many groups: at most 10000';
  expect(JSON.parse(await client.next())).toEqual({ type: 'error', failure: 'tooManyGroups', reason });
  expect(await client.untilClosed()).toEqual({ code: 1008, reason });
});

it('come as an event stream, whose last message says what it failed with', async () => {
  const port = await start();
  const query = new URLSearchParams({ filter: JSON.stringify(filter), last: '90s', limit: '3', time_unit: 'hour' });
  const answer = askRaw(port, [head(`/api/events/count-by/event?${query}`)], /event: error\n.*\n\n/);
  await until(() => running.server.watched.length === 1, 'the count is asked for');
  const { request, socket, listener } = running.server.watched[0]!;
  expect(request).toMatchObject({ form: 'stream', question: { countable: 'event', groupsMax: 3, lastMs: 90_000 } });
  socket.send('event: counts\nid: 5\ndata: {}\n\n');
  listener.failed(new Failure('tooManyCountBytes', 'All live counts together hold 1 bytes'));
  const text = await answer;
  expect(text).toContain('content-type: text/event-stream');
  expect(text).toContain('event: counts\nid: 5\ndata: {}\n\n');
  expect(text).toMatch(
    /event: error\ndata: \{"code":1013,.*"failure":"tooManyCountBytes","retry_after_ms":30000\}\n\n/,
  );
  expect(running.server.watched[0]!.isStopped).toBe(true);
});

it.each([
  ['/events/count-by/nothing', ['path', 'countable']],
  ['/events/count-by/event?filter=no', ['query', 'filter']],
  ['/events/count-by/event?filter=%7B%22a%22%3A1%7D', ['query', 'filter', 'a']],
  ['/events/count-by/event?time_unit=year', ['query', 'time_unit']],
  ['/events/count-by/event?time_interval=0', ['query', 'time_interval']],
  ['/events/count-by/event?limit=none', ['query', 'limit']],
  ['/events/count-by/event?last=1y', ['query', 'last']],
])('are 422 before a stream begins, with the place of the mistake: %s', async (path, loc) => {
  const answer = await ask(await start(), 'GET', `/api${path}`);
  expect(answer.status).toBe(422);
  expect(JSON.parse(answer.text).exception_detail[0].loc).toEqual(loc);
  expect(running.server.watched).toEqual([]);
});

it('are refused before a stream begins where there is no room', async () => {
  const port = await start();
  running.server.fakes.watchCounts = () => {
    throw new Failure('tooManyCounts', 'At most 2 different live counts at once');
  };
  const answer = await ask(port, 'GET', '/api/events/count-by/event');
  expect(answer.status).toBe(503);
  expect(answer.headers['retry-after']).toBe('30');
  expect(answer.text).toContain('At most 2 different live counts at once');
  expect(running.server.counters.subscribers).toBe(0);
});

it('take their time from the clock of the server', async () => {
  const client = await openAuthenticated(await start(), '/api/events/out');
  client.send(JSON.stringify({ type: 'counts', countable: 'event', filter: {} }));
  await until(() => running.server.watched.length === 1, 'the count is asked for');
  const { since } = running.server.watched[0]!.request.question.filter.occurred;
  expect(Date.parse(since)).toBe(new Date(now.getTime() - 180 * 86_400_000).setUTCHours(0, 0, 0, 0));
});
