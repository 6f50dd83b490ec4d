/**
 * Several gateways beside a Prefect server: one of them forwards. The peer injects faults and counts what it is sent
 * twice; the real Prefect is in test/beside-prefect.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventLike } from '../../support/events.ts';
import { send } from '../../support/http.ts';
import { type FaultyPrefect, startFaultyPrefect } from '../../support/peers/faulty-prefect.ts';
import { until } from '../../support/poll.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { Cluster, installed, sameHead, standing, targetOf } from './cluster.ts';

const startMs = 240_000;
const testMs = 300_000;
const waitMs = 120_000;
const names = ['one', 'two', 'three'] as const;
type Name = (typeof names)[number];

describe.skipIf(!installed.found)('gateways that forward to a Prefect server', () => {
  let cluster: Cluster;
  let peer: FaultyPrefect;
  const gateways = new Map<Name, TestSluice>();
  /** Ids that a gateway has acknowledged, of own events. */
  const acknowledged: string[] = [];
  let number = 0;

  const env = () => ({ SLUICE_PREFECT_URL: peer.url, SLUICE_PREFECT_EVENTS_PER_S: '5000', SLUICE_FLUSH_MS: '50' });
  const at = (name: Name): TestSluice => {
    const gateway = gateways.get(name);
    if (gateway === undefined) throw new Error(`no gateway ${name}`);
    return gateway;
  };

  async function start(name: Name): Promise<void> {
    gateways.set(name, await cluster.gateway(name, env()));
  }

  async function take(name: Name, count: number, headers: Record<string, string> = {}): Promise<string[]> {
    const events = Array.from({ length: count }, () =>
      eventLike({ event: 'order.paid', payload: { number: ++number } }),
    );
    const body = JSON.stringify(events);
    const sending = {
      method: 'POST',
      path: '/api/events',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    };
    const answer = await send(targetOf(at(name)), sending).catch(() => null);
    return answer?.status === 204 ? events.map(({ id }) => String(id)) : [];
  }

  async function takeOwn(name: Name, count: number): Promise<void> {
    acknowledged.push(...(await take(name, count)));
  }

  /** The gateway that forwards, once all that are asked say the same. */
  function holder(of: readonly Name[] = names): Promise<Name> {
    return until(
      'all say who forwards',
      async () => {
        const said = await Promise.all(of.map(async (name) => (await standing(at(name))).forwarder?.by));
        const [first = ''] = said;
        return new Set(said).size === 1 && of.includes(first as Name) ? (first as Name) : undefined;
      },
      waitMs,
    );
  }

  async function allForwarded(): Promise<void> {
    await until(
      'all is there',
      () => {
        const stored = new Set(peer.stored);
        return acknowledged.every((id) => stored.has(id)) || undefined;
      },
      waitMs,
    );
    expect(peer.repeats).toEqual([]);
  }

  beforeAll(async () => {
    peer = await startFaultyPrefect({ flushMs: 1_000, lateMs: 0 });
    cluster = await Cluster.start();
    await Promise.all(names.map(start));
  }, startMs);
  afterAll(async () => {
    await cluster?.stop();
    await peer?.close();
  });

  it(
    'bring each event there once, whoever took it, and none that came from there',
    async () => {
      for (const name of names) await takeOwn(name, 70);
      const handedOn: string[] = [];
      for (const name of names) handedOn.push(...(await take(name, 10, { 'sluice-origin': 'prefect' })));
      for (const name of names) await takeOwn(name, 70);
      expect([acknowledged.length, handedOn.length]).toEqual([420, 30]);
      await allForwarded();
      await sameHead(...names.map(at));
      const stored = new Set(peer.stored);
      expect([stored.size, handedOn.filter((id) => stored.has(id))]).toEqual([420, []]);
      const forwards = await holder();
      const phases = await Promise.all(names.map(async (name) => (await standing(at(name))).forwarder?.phase));
      expect(phases.filter((phase) => phase === 'following').length).toBe(2);
      expect(phases[names.indexOf(forwards)]).toBe('idle');
    },
    testMs,
  );
});
