/** `GET /api/admin/connections`: who is connected, for an operator alone. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConnectionList } from '../../schemas/connection-list.ts';
import { cleanUp, startBare } from '../../support/bare-sluice.ts';
import { eventLike, publish } from '../../support/events.ts';
import { send } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import type { Target } from '../../support/target.ts';
import { connectSigned, subscribe, type WireClient } from '../../support/wire-client.ts';

let target: Target;
beforeAll(async () => {
  ({ target } = await startBare({
    env: { SLUICE_AUTH_STRING: 'admin:pass', SLUICE_SUBSCRIBER_BUFFER_BYTES_MAX: '16384' },
  }));
  target = { ...target, authString: 'admin:pass' };
});
afterAll(cleanUp);

const list = async () => {
  const { status, text } = await send(target, { path: '/api/admin/connections' });
  expect(status).toBe(200);
  return (JSON.parse(text) as ConnectionList).connections;
};

it('lists producers and subscribers in the order in which they came, and forgets those that left', async () => {
  expect(await list()).toEqual([]);
  const producer: WireClient = await connectSigned(target, '/api/events/in');
  const subscriber = await subscribe(target, {}, { backfill: false });
  const both = await until('both are there', async () => {
    const now = await list();
    return now.length === 2 && now[1]?.phase === 'streaming' ? now : undefined;
  });
  expect(both).toMatchObject([
    {
      id: 1,
      kind: 'producer',
      transport: 'websocket',
      phase: 'receiving',
      lag_events: null,
      lagging: false,
      waiting_bytes: 0,
    },
    {
      id: 2,
      kind: 'subscriber',
      transport: 'websocket',
      phase: 'streaming',
      name: both[0]?.name,
      lag_events: 0,
      waiting_bytes: 0,
    },
  ]);
  expect(Math.abs(Date.parse(both[0]?.opened ?? '') - Date.now())).toBeLessThan(60_000);
  await producer.close();
  await until('the producer is gone', async () => (await list()).every(({ id }) => id === 2) || undefined);
  await subscriber.close();
  await until('all are gone', async () => (await list()).length === 0 || undefined);
});

it('closes the one that is named with 1008 and the words of the API, and no other', async () => {
  const producer = await connectSigned(target, '/api/events/in');
  const subscriber = await subscribe(target, {}, { backfill: false });
  const [first, second] = await until('both are there', async () => {
    const now = await list();
    return now.length === 2 ? now : undefined;
  });
  const end = (id: unknown) => send(target, { path: `/api/admin/connections/${id}`, method: 'DELETE' });
  for (const id of ['0', '999', 'x', `0${second?.id}`, `${second?.id}.0`]) expect((await end(id)).status).toBe(404);
  expect((await end(second?.id)).status).toBe(204);
  expect(await subscriber.closed).toMatchObject({ code: 1008, reason: 'closed by an operator' });
  await until('the other one is left', async () => {
    const now = await list();
    return (now.length === 1 && now[0]?.id === first?.id) || undefined;
  });
  expect((await end(second?.id)).status).toBe(404);
  expect((await end(first?.id)).status).toBe(204);
  expect(await producer.closed).toMatchObject({ code: 1008, reason: 'closed by an operator' });
  await until('all are gone', async () => (await list()).length === 0 || undefined);
});

it('ends an event stream with a last message that says so', async () => {
  const stream = await fetch(`${target.baseUrl()}/api/events/out`, {
    headers: { authorization: `Basic ${Buffer.from('admin:pass').toString('base64')}` },
  });
  const [listed] = await until('it is there', async () => {
    const now = await list();
    return now.length === 1 ? now : undefined;
  });
  expect(listed?.transport).toBe('stream');
  expect((await send(target, { path: `/api/admin/connections/${listed?.id}`, method: 'DELETE' })).status).toBe(204);
  expect(await stream.text()).toContain('data: {"code":1008,"reason":"closed by an operator"}');
});

it('says how far each subscriber stands behind the head, to the event', async () => {
  const fast = await subscribe(target, {}, { backfill: false });
  const slow = await subscribe(target, {}, { backfill: false });
  // There is no ClickHouse to read it from.
  const inHistory = await subscribe(target, {}, {});
  const lags = async () => (await list()).map((connection) => connection.lag_events);
  await until('two are live', async () => {
    const [one, other, last] = await lags();
    return (one === 0 && other === 0 && last === null) || undefined;
  });
  slow.pause();
  fast.onMessage = () => undefined;
  const payload = { pad: 'x'.repeat(100_000) };
  const more = (count: number) =>
    publish(
      target,
      Array.from({ length: count }, () => eventLike({ payload })),
    );
  let sent = 0;
  const behind = await until('one lags', async () => {
    await more(10);
    sent += 10;
    const [, lag] = await lags();
    return typeof lag === 'number' && lag > 0 ? lag : undefined;
  });
  expect(behind).toBeLessThanOrEqual(sent);
  const lag = await until('it takes no more', async () => {
    const [before, after] = [(await lags())[1], (await lags())[1]];
    return before === after ? after : undefined;
  });
  await more(7);
  expect(await lags()).toEqual([expect.any(Number), (lag ?? 0) + 7, null]);
  slow.onMessage = () => undefined;
  slow.resume();
  await until('both are live again', async () => {
    const [one, other] = await lags();
    return (one === 0 && other === 0) || undefined;
  });
  for (const each of [fast, slow, inHistory]) each.drop();
  await until('all are gone', async () => (await list()).length === 0 || undefined);
});

it('wants the credential of an operator', async () => {
  expect((await send(target, { path: '/api/admin/connections', signed: false })).status).toBe(401);
  const ended = await send(target, { path: '/api/admin/connections/1', method: 'DELETE', signed: false });
  expect(ended.status).toBe(401);
});
