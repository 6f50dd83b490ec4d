/**
 * Several gateways as a user starts them: processes from dist, a real NATS server, a real ClickHouse. What is sent to
 * any of them is read at each of them and stored once, whoever is killed meanwhile.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { OutFrame, WirePosition } from '../../schemas/wire.ts';
import { runBare } from '../../support/bare-sluice.ts';
import { eventLike, publish, query, untilFound } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { subscribe } from '../../support/wire-client.ts';
import { type Cluster, installed, standing, targetOf } from './cluster.ts';
import { withCluster } from './with-cluster.ts';

const testMs = 300_000;

const named = (event: string) => ({ event: { name: [event] } });
const some = (event: string, count: number) => Array.from({ length: count }, () => eventLike({ event }));

describe.skipIf(!installed.found)('gateways that share a log', () => {
  let cluster: Cluster;
  let one: TestSluice;
  let other: TestSluice;

  withCluster(async (started) => {
    cluster = started;
    [one, other] = await Promise.all([cluster.gateway('one'), cluster.gateway('other')]);
  });

  it(
    'answer 204 when an event can be read here, and each reads what the other has taken',
    async () => {
      const shared = eventLike({ event: 'shared.id' });
      await Promise.all([publish(targetOf(one), [shared]), publish(targetOf(other), [shared])]);
      await publish(targetOf(one), some('of.one', 3));
      await publish(targetOf(other), some('of.other', 4));
      for (const gateway of [one, other]) {
        const target = targetOf(gateway);
        await untilFound(target, named('of.one'), 3);
        await untilFound(target, named('of.other'), 4);
        await untilFound(target, named('shared.id'), 1);
      }
      expect(await cluster.counts('shared.id')).toEqual({ events: 1, ids: 1 });
    },
    testMs,
  );

  it(
    'say who writes, what is promised, and that nothing waits',
    async () => {
      const [first, second] = await Promise.all([standing(one), standing(other)]);
      expect([first.status, second.status]).toEqual([200, 200]);
      expect(first.gateway?.writer).toBe(second.gateway?.writer);
      expect(['one', 'other']).toContain(first.gateway?.writer);
      expect([first.gateway?.waiting, second.gateway?.waiting]).toEqual([0, 0]);
      expect(first.gateway?.promise).toContain('power cut');
      expect(one.output()).toContain('of the shared log SLUICE');
      const metrics = await (await fetch(`${one.url}/metrics`)).text();
      expect(metrics).toMatch(/sluice_gateway_spool_waiting 0/);
    },
    testMs,
  );

  it(
    'give a subscriber that goes from one to the other all events, in one order and without repeats',
    async () => {
      const filter = { event: { prefix: ['moved.'] } };
      const got: string[] = [];
      const sent: string[] = [];
      let resume: { token: string; position: WirePosition } | null = null;
      for (let round = 0; round < 6; round += 1) {
        const from = round % 2 === 0 ? one : other;
        const to = round % 2 === 0 ? other : one;
        const socket = await subscribe(targetOf(from), filter, resume === null ? { positions: true } : { resume });
        await until('caught up', () => socket.frames().some(({ type }) => type === 'caught_up') || undefined);
        const events = some('moved.event', 7);
        // Taken by the other one: the next gateway may be behind this one, or ahead of it.
        await publish(targetOf(to), events);
        sent.push(...events.map(({ id }) => String(id)));
        await until('all came', () => got.length + socket.events().length >= sent.length || undefined);
        const frames: readonly OutFrame[] = socket.frames();
        expect(frames.some(({ type }) => type === 'gap')).toBe(false);
        got.push(...socket.events().map(({ id }) => id));
        const token = frames.find((frame) => frame.type === 'token');
        const position = frames.findLast((frame) => frame.type === 'event')?.position;
        if (token === undefined || position === undefined) throw new Error('no token, or no position');
        resume = { token: token.token, position };
        await socket.close();
      }
      expect(got).toEqual(sent);
    },
    testMs,
  );

  it(
    'store each event once while the gateway that writes is killed, and NATS too',
    async () => {
      const sent: string[] = [];
      const gateways = new Map([
        ['one', one],
        ['other', other],
      ]);
      const send = async (id: string): Promise<void> => {
        const events = some('killed.event', 5);
        const gateway = gateways.get(id);
        if (gateway === undefined) return;
        const answer = await post(targetOf(gateway), '/api/events', events).catch(() => null);
        if (answer?.status === 204) sent.push(...events.map(({ id: own }) => String(own)));
      };
      for (let round = 0; round < 3; round += 1) {
        for (let nth = 0; nth < 20; nth += 1) await Promise.all([send('one'), send('other')]);
        const { gateway } = await standing(other);
        const victim = gateway?.writer === 'one' ? 'one' : 'other';
        const sending = Promise.all(Array.from({ length: 10 }, () => Promise.all([send('one'), send('other')])));
        if (round === 1) await cluster.killNats();
        await gateways.get(victim)?.kill();
        await sending;
        if (round === 1) await cluster.startNats();
        gateways.set(victim, await cluster.gateway(victim));
        other = gateways.get('other') ?? other;
        one = gateways.get('one') ?? one;
      }
      expect(sent.length).toBeGreaterThan(200);
      await until(
        'all gateways have applied and stored the same',
        async () => {
          const [first, second] = await Promise.all([standing(one), standing(other)]);
          const isSame = first.head === second.head && first.gateway?.waiting === 0 && second.gateway?.waiting === 0;
          return isSame && first.checkpoint === first.head && second.checkpoint === first.head ? true : undefined;
        },
        testMs,
      );
      const { events, ids } = await cluster.counts('killed.event');
      expect(events).toBe(ids);
      expect(ids).toBeGreaterThanOrEqual(sent.length);
      const known = new Set<string>();
      for (let at = 0; at < sent.length; at += 40) {
        const page = await query(targetOf(one), { id: { id: sent.slice(at, at + 40) } }, 50);
        for (const { id } of page.events) known.add(id);
      }
      expect(sent.filter((id) => !known.has(id))).toEqual([]);
    },
    testMs,
  );

  it(
    'refuse a start that cannot hold what it promises, with one sentence',
    async () => {
      const refused = async (env: Record<string, string>): Promise<string> => {
        const { ended, output } = runBare({ env });
        expect(await ended).toBe(1);
        return output();
      };
      const { CLICKHOUSE_URL: store = '', ...settings } = cluster.env(`third-${randomUUID().slice(0, 8)}`);
      expect(await refused({ ...settings, CLICKHOUSE_URL: '' })).toContain('so CLICKHOUSE_URL must name');
      const all = { ...settings, CLICKHOUSE_URL: store };
      const without = (name: string) => Object.fromEntries(Object.entries(all).filter(([each]) => each !== name));
      expect(await refused(without('SLUICE_SIGNING_KEY'))).toContain('so SLUICE_SIGNING_KEY must hold');
      expect(await refused(without('SLUICE_GATEWAY_ID'))).toContain('so SLUICE_GATEWAY_ID must name');
      expect(await refused({ ...all, SLUICE_ID_WINDOW_IDS_MAX: '5000' })).toContain('is for an id window of 1000000');
      expect(await refused({ ...all, SLUICE_LOG_REPLICAS: '3' })).toContain('num_replicas');
      expect(await refused({ ...all, SLUICE_RETENTION_DAYS: '30' })).toContain('Give all the same values');
      expect(await refused({ ...all, SLUICE_GATEWAY_ID: 'one' })).toContain('SLUICE_GATEWAY_ID one is in use');
      const alone = { SLUICE_DATA_DIR: cluster.dataDir('one') };
      expect(await refused(alone)).toMatch(/is in use by|is that of a gateway/);
      expect(await refused({ ...all, SLUICE_PREFECT_URL: 'http://127.0.0.1:1' })).toContain('Give all the same values');
    },
    testMs,
  );
});
