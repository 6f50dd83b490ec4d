/**
 * Gateways that begin where the stream does not reach any more, on a real NATS server and ClickHouse: behind what
 * ClickHouse has, with the ids that every other gateway knows.
 */
import { describe, expect, it } from 'vitest';
import { eventLike, publish, type Sent, untilFound } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { subscribe } from '../../support/wire-client.ts';
import { type Cluster, installed, purgeBehindBase, sameHead, targetOf } from './cluster.ts';
import { withCluster } from './with-cluster.ts';

const testMs = 400_000;
/** A window of so few ids has forgotten most of what ClickHouse has. */
const env = { SLUICE_ID_WINDOW_IDS_MAX: '1000' };
const old = new Date(Date.now() - 3_600_000).toISOString();

const some = (event: string, count: number, more: Sent = {}) =>
  Array.from({ length: count }, () => eventLike({ event, ...more }));

describe.skipIf(!installed.found)('a gateway that begins behind what ClickHouse has', () => {
  let cluster: Cluster;
  let one: TestSluice;
  let away: TestSluice;
  const sent: Sent[] = [];

  withCluster(async (started) => {
    cluster = started;
    [one, away] = await Promise.all([cluster.gateway('one', env), cluster.gateway('away', env)]);
  });

  /** Until each is answered with 204: what is not confirmed in time is sent again. */
  async function confirm(gateway: TestSluice, events: readonly Sent[]): Promise<void> {
    for (let at = 0; at < events.length; at += 50) {
      const send = () => publish(targetOf(gateway), events.slice(at, at + 50));
      await until(
        'they are confirmed',
        () =>
          send().then(
            () => true,
            () => undefined,
          ),
        testMs,
      );
    }
  }

  async function publishAll(gateway: TestSluice, events: readonly Sent[]): Promise<void> {
    await confirm(gateway, events);
    sent.push(...events);
  }

  /** Where a subscriber of this filter stands that has had ten events, and was closed then. */
  async function followed(filter: { event: { name: string[] } }) {
    const socket = await subscribe(targetOf(one), filter, { positions: true });
    await until('caught up', () => socket.frames().some(({ type }) => type === 'caught_up') || undefined);
    await publishAll(one, some(filter.event.name[0] ?? '', 10));
    await until('all came', () => (socket.events().length === 10 ? true : undefined), testMs);
    const token = socket.frames().find((frame) => frame.type === 'token');
    const position = socket.frames().findLast((frame) => frame.type === 'event')?.position;
    await socket.close();
    if (token === undefined || position === undefined) throw new Error('no token, or no position');
    return { token: token.token, position };
  }

  it(
    'has of its spool what is new, once, and nothing of what others brought in meanwhile',
    async () => {
      await publishAll(one, some('before', 1_500));
      await sameHead(one, away);
      await cluster.killNats();
      const kept = [...some('kept', 20), ...some('kept', 20, { occurred: old })];
      const again = [...some('again', 20), ...some('again', 20, { occurred: old })];
      // In its spool, and confirmed by nobody.
      const answer = await post(targetOf(away), '/api/events', [...kept, ...again]);
      expect(answer.status).toBe(503);
      await away.kill();
      await cluster.startNats();
      await confirm(one, again);
      await publishAll(one, some('meanwhile', 1_500));
      await sameHead(one);
      await purgeBehindBase(cluster);
      away = await cluster.gateway('away', env);
      await sameHead(one, away);
      expect(await cluster.counts('kept')).toEqual({ events: 40, ids: 40 });
      expect(await cluster.counts('again')).toEqual({ events: 40, ids: 40 });
      sent.push(...kept, ...again);
      expect(away.output()).toContain('it begins anew');
    },
    testMs,
  );

  it(
    'is new, and judges repeats as all others do, of ids that the window has and of others',
    async () => {
      const filter = { event: { name: ['newest'] } };
      const resume = await followed(filter);
      const missed = some('newest', 300);
      await publishAll(one, missed);
      await sameHead(one, away);
      await purgeBehindBase(cluster);
      const third = await cluster.gateway('third', env);
      const before = await sameHead(one, away, third);
      await untilFound(targetOf(third), { event: { name: ['meanwhile'] } }, 1_500);
      const repeats = [...sent.slice(0, 50), ...sent.slice(-950)];
      await Promise.all([confirm(third, repeats), confirm(one, repeats)]);
      expect(await sameHead(one, away, third)).toBe(before);
      // Who comes from another gateway has what was missed from ClickHouse, and then goes on.
      const socket = await subscribe(targetOf(third), filter, { resume });
      await until('what was missed came', () => (socket.events().length >= 300 ? true : undefined), testMs);
      const live = some('newest', 30);
      await publishAll(third, live);
      await until('live ones came', () => (socket.events().length >= 330 ? true : undefined), testMs);
      const got = socket.events().map(({ id }) => id);
      expect(got.slice(0, 300).sort()).toEqual(missed.map(({ id }) => id).sort());
      expect(got.slice(300)).toEqual(live.map(({ id }) => id));
      expect(socket.frames().some(({ type }) => type === 'gap')).toBe(false);
      await socket.close();
      expect(await sameHead(one, away, third)).toBe(before + 30);
      // Again, with all that was kept on disk.
      await third.stop();
      const back = await cluster.gateway('third', env);
      await confirm(back, sent.slice(-400));
      expect(await sameHead(one, away, back)).toBe(before + 30);
    },
    testMs,
  );
});
