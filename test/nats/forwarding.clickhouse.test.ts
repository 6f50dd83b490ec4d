/**
 * Several gateways beside a Prefect server: one of them forwards. The peer injects faults and counts what it is sent
 * twice; the real Prefect is in test/beside-prefect.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseForwarder } from '../../src/gateway/forwarder-lease.ts';
import { connectNats } from '../../src/nats/connect-nats.ts';
import { sharedKey } from '../../src/nats/shared-key.ts';
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
  /** How many it has acknowledged that came from Prefect. */
  let handedOn = 0;
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

  function isForwarded(ids: readonly string[] = acknowledged): boolean {
    const stored = new Set(peer.stored);
    return ids.every((id) => stored.has(id));
  }

  async function allForwarded(): Promise<void> {
    await until('all is there', () => isForwarded() || undefined, waitMs);
    expect(peer.repeats).toEqual([]);
  }

  beforeAll(async () => {
    peer = await startFaultyPrefect({ flushMs: 1_000, lateMs: 1_000 });
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
      const origin = { 'sluice-origin': 'prefect' };
      const fromThere = (await Promise.all(names.map((name) => take(name, 10, origin)))).flat();
      handedOn = fromThere.length;
      for (const name of names) await takeOwn(name, 70);
      expect([acknowledged.length, handedOn]).toEqual([420, 30]);
      await allForwarded();
      await sameHead(...names.map(at));
      const stored = new Set(peer.stored);
      expect([stored.size, fromThere.filter((id) => stored.has(id))]).toEqual([420, []]);
      const forwards = await holder();
      const phases = await Promise.all(names.map(async (name) => (await standing(at(name))).forwarder?.phase));
      expect(phases.filter((phase) => phase === 'following').length).toBe(2);
      expect(phases[names.indexOf(forwards)]).toBe('idle');
    },
    testMs,
  );

  /** Takes events at all of them, until the work is over. */
  async function takingMeanwhile<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    let isOver = false;
    const taking = names.map(async (name) => {
      while (!isOver) {
        await takeOwn(name, 5);
        await pause(30);
      }
    });
    try {
      return await work();
    } finally {
      isOver = true;
      await Promise.all(taking);
    }
  }

  /** Resolves when the peer has taken a batch that it answers late. */
  function lateBatch(): Promise<void> {
    return new Promise((resolve) => {
      peer.faultOf = () => {
        peer.faultOf = () => 'none';
        resolve();
        return 'late';
      };
    });
  }

  async function expectAllOnce(): Promise<void> {
    await allForwarded();
    await sameHead(...names.map(at));
    const { ids, events } = await cluster.counts('order.paid');
    // With those that came from there, and what was taken and not acknowledged.
    await until('nothing is missing', () => peer.stored.length >= ids - handedOn || undefined, waitMs);
    expect([peer.stored.length, events]).toEqual([ids - handedOn, ids]);
    expect(peer.repeats).toEqual([]);
  }

  it(
    'lose nothing and send nothing twice when the one that forwards is killed in the middle of a batch',
    async () => {
      const before = await holder();
      const others = names.filter((name) => name !== before);
      await takingMeanwhile(async () => {
        await lateBatch();
        await at(before).kill();
        const next = await holder(others);
        expect(others).toContain(next);
        await start(before);
        await holder();
      });
      await expectAllOnce();
    },
    testMs,
  );

  it(
    'go on when the one that forwards is stopped for long, whose old term moves and sends nothing then',
    async () => {
      const before = await holder();
      const others = names.filter((name) => name !== before);
      const places = watchPlaces(cluster);
      await allForwarded();
      // The first batch of several that are announced at once: the rest could go without a word to the key.
      const stopped = lateBatch().then(() => process.kill(at(before).pid, 'SIGSTOP'));
      await takeOwn(others[0] ?? before, 400);
      await stopped;
      const announced = [...acknowledged];
      await takingMeanwhile(async () => {
        try {
          await holder(others);
          await until('what was announced is there', () => isForwarded(announced) || undefined, waitMs);
        } finally {
          process.kill(at(before).pid, 'SIGCONT');
        }
        const after = await holder();
        expect(after).not.toBe(before);
        const sent = peer.stored.length;
        await until('more is forwarded', () => peer.stored.length > sent + 50 || undefined, waitMs);
        expect(await holder()).toBe(after);
      });
      await expectAllOnce();
      const confirmed = await places.stop();
      expect(confirmed).toEqual(confirmed.toSorted((one, other) => one - other));
    },
    testMs,
  );

  it(
    'go on where they were when NATS is back',
    async () => {
      await takingMeanwhile(async () => {
        await lateBatch();
        await cluster.killNats();
        // Longer than a holder may send without it.
        await pause(12_000);
        await cluster.startNats();
        await holder();
        const sent = peer.stored.length;
        await until('more is forwarded', () => peer.stored.length > sent + 50 || undefined, waitMs);
      });
      await expectAllOnce();
    },
    testMs,
  );

  it(
    'hand it over at once when the one that forwards is stopped by SIGTERM',
    async () => {
      const before = await holder();
      const others = names.filter((name) => name !== before);
      await takeOwn(before, 50);
      await at(before).stop();
      await holder(others);
      await start(before);
      await takingMeanwhile(async () => await pause(500));
      await expectAllOnce();
    },
    testMs,
  );
});

/** All that the key says of what is confirmed, as often as it is looked at. */
function watchPlaces({ nats: { url } }: Cluster): { stop(): Promise<number[]> } {
  const seen: number[] = [];
  let isOver = false;
  const watching = (async () => {
    const nats = await connectNats({ servers: [url], name: 'test' });
    const key = sharedKey(nats, { bucket: 'SLUICE_STATE', name: 'forwarder' });
    while (!isOver) {
      const entry = await key.read();
      if (entry !== null) seen.push(parseForwarder(entry.text).state?.confirmed ?? -1);
      await pause(100);
    }
    await nats.close();
  })();
  return {
    async stop() {
      isOver = true;
      await watching;
      return seen;
    },
  };
}
