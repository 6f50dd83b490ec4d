import { afterEach, describe, expect, it } from 'vitest';
import { Liveness, type PeerVerdict } from '../../src/server/liveness.ts';
import type { Socket } from '../../src/server/socket.ts';
import { type FakeServer, openAuthenticated, startFakeServer, until } from '../../support/fake-server.ts';

/** A peer of which only the facts are known that liveness looks at. */
function fakeSocket() {
  const facts = { waiting: 0, sentFrames: 0, pings: 0 };
  const socket = {
    get sentFrames() {
      return facts.sentFrames;
    },
    bufferedBytes: () => facts.waiting,
    ping: () => {
      facts.pings += 1;
    },
  } as Socket; // all that liveness uses
  return { facts, socket };
}

function sweeps(liveness: Liveness, count: number): PeerVerdict[] {
  return Array.from({ length: count }, () => liveness.sweep(10));
}

describe('liveness', () => {
  it('pings, and gives up a peer that is silent for two sweeps', () => {
    const { facts, socket } = fakeSocket();
    const liveness = new Liveness(socket, () => undefined);
    expect(sweeps(liveness, 3)).toEqual(['alive', 'alive', 'silent']);
    expect(facts.pings).toBe(2);
  });

  it('begins anew at each sign of life', () => {
    const { socket } = fakeSocket();
    const liveness = new Liveness(socket, () => undefined);
    for (let round = 0; round < 20; round += 1) {
      expect(sweeps(liveness, 2)).toEqual(['alive', 'alive']);
      liveness.sign();
    }
  });

  it('asks only for progress while bytes wait, and does not ping', () => {
    const { facts, socket } = fakeSocket();
    facts.waiting = 1000;
    const liveness = new Liveness(socket, () => undefined);
    expect(sweeps(liveness, 9).every((verdict) => verdict === 'alive')).toBe(true);
    liveness.sign();
    expect(sweeps(liveness, 11)).toEqual([...Array(10).fill('alive'), 'stalled']);
    expect(facts.pings).toBe(0);
  });

  it('leaves a peer its time that may still read what was sent since its last sign', () => {
    const { facts, socket } = fakeSocket();
    const liveness = new Liveness(socket, () => undefined);
    liveness.sign();
    facts.sentFrames += 1;
    expect(sweeps(liveness, 11)).toEqual([...Array(10).fill('alive'), 'stalled']);
    liveness.sign();
    expect(sweeps(liveness, 3).at(-1)).toBe('silent');
  });
});

describe('the sweep', () => {
  let server: FakeServer;
  afterEach(() => server.running.close(0));

  it('keeps a peer that answers pings, and ends one that does not', async () => {
    server = await startFakeServer({ pingMs: 100 });
    const { port } = server.running;
    const alive = await openAuthenticated(port, '/api/events/in');
    const deaf = await openAuthenticated(port, '/api/events/out');
    deaf.pause();
    await until(() => server.counters.subscribers === 0, 'the deaf one is gone');
    expect(server.counters.silent).toBe(1);
    await until(() => alive.pings >= 5, 'five pings');
    expect(server.counters.producers).toBe(1);
  });

  it('ends a subscriber that reads nothing, after its time, and wakes the feed of one that reads', async () => {
    // Of a loaded machine one turn of the loop may be as long as a short interval; a pong takes three.
    server = await startFakeServer({ pingMs: 250, stallMs: 2_500 });
    const { port } = server.running;
    const client = await openAuthenticated(port, '/api/events/out');
    client.send('{"type":"filter","filter":{}}');
    await until(() => server.feeds.length === 1, 'the feed');
    const feed = server.feeds[0]!;
    client.pause();
    const frame = 'x'.repeat(1024 * 1024);
    for (let sent = 0; sent < 32; sent += 1) feed.socket.send(frame);
    expect(feed.socket.bufferedBytes()).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.resume();
    await until(() => feed.drained > 0 && client.messages.length === 32, 'all frames');
    client.pause();
    for (let sent = 0; sent < 32; sent += 1) feed.socket.send(frame);
    await until(() => feed.isStopped, 'the stalled one is gone');
    expect(server.counters).toMatchObject({ stalled: 1, silent: 0 });
  });
});
