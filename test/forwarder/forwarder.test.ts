import { createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  type Fault,
  type FaultyPrefect,
  type FaultyPrefectOptions,
  startFaultyPrefect,
} from '../../support/peers/faulty-prefect.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { until } from '../../support/poll.ts';
import { ForwardedLife, type LifeOptions, peerTimes } from './forwarded-life.ts';

const paid = { event: 'order.paid', isFromPrefect: false };

async function withLife(
  use: (life: ForwardedLife, peer: Awaited<ReturnType<typeof startFaultyPrefect>>) => Promise<void>,
  options: LifeOptions & Partial<FaultyPrefectOptions> = {},
): Promise<void> {
  const peer = await startFaultyPrefect({ ...peerTimes, ...options });
  const life = await ForwardedLife.begin(peer.url, options);
  try {
    await use(life, peer);
  } finally {
    await life.end();
    await peer.close();
  }
}

it('leaves out the one event that Prefect refuses, and sends all others of its batch, in order', async () => {
  await withLife(async (life, peer) => {
    peer.refuses.add('00000000-0000-4000-8000-000000000037');
    life.take(Array.from({ length: 90 }, () => paid));
    await until('the others are stored', () => peer.stored.length === 89 || undefined);
    expect(peer.stored).toEqual(life.sent.map(({ id }) => id).filter((id) => !peer.refuses.has(id)));
    expect(life.forwarder.status.counters).toMatchObject({ sent: 89, refused: 1, sentAgain: 0 });
  });
});

it('sends so many events a second, and no more', async () => {
  await withLife(
    async (life, peer) => {
      const beganMs = performance.now();
      life.take(Array.from({ length: 500 }, () => paid));
      await until('all are stored', () => peer.stored.length === 500 || undefined);
      expect(performance.now() - beganMs).toBeGreaterThan(400);
    },
    { eventsPerS: 1_000 },
  );
});

it('sends a lone event at once, and in one request those that come in the gap behind it', async () => {
  await withLife(
    async (life, peer) => {
      let requests = 0;
      peer.faultOf = () => {
        requests += 1;
        return 'none';
      };
      const beganMs = performance.now();
      life.take([paid]);
      await until('it is sent', () => life.forwarder.status.counters.sent === 1 || undefined);
      for (let nth = 0; nth < 40; nth += 1) {
        life.take([paid]);
        await nextTurn();
      }
      await until('all are stored', () => peer.stored.length === 41 || undefined);
      expect(performance.now() - beganMs).toBeGreaterThan(1_000);
      expect(requests).toBe(2);
      expect(peer.stored).toEqual(life.sent.map(({ id }) => id));
    },
    { times: { gapMs: 1_000 } },
  );
});

it('asks nothing of a Prefect that was never reached, and sends when it is there', async () => {
  const port = await freePort();
  const life = await ForwardedLife.begin(`http://127.0.0.1:${port}`);
  try {
    life.take([paid, paid]);
    await until('it has failed', () => life.forwarder.status.counters.failures > 1 || undefined);
    expect(life.forwarder.status).toMatchObject({ counters: { asked: 0, sent: 0 } });
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      request.on('end', () => response.writeHead(request.method === 'POST' ? 204 : 200).end());
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await until('both are sent', () => life.forwarder.status.counters.sent === 2 || undefined);
    expect(bodies[0]).toBe(`[${[...life.texts.values()].join(',')}]`);
    server.closeAllConnections();
    server.close();
  } finally {
    await life.end();
  }
});

it('says that a Sluice answers there, and never takes that for Prefect', async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.headers['sluice-origin'] === 'sluice' ? 421 : 204).end();
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const life = await ForwardedLife.begin(`http://127.0.0.1:${port}/api`);
  try {
    life.take([paid]);
    await until('it says so', () => life.forwarder.status.reason.includes('a Sluice answers there') || undefined);
    expect(life.forwarder.status.counters.sent).toBe(0);
  } finally {
    await life.end();
    server.closeAllConnections();
    server.close();
  }
});

it('sends nothing again to a Prefect that shows nothing of what it takes, and counts it', async () => {
  await withLife(
    async (life, peer) => {
      life.take([paid, paid]);
      await until('it is known', () => life.forwarder.status.isShown === false || undefined);
      const faults = ['unanswered'] as const;
      peer.faultOf = () => (peer.counts.asked > 0 && peer.stored.length < 3 ? faults[0] : 'none');
      life.take([paid, paid, paid]);
      await until('they are counted', () => life.forwarder.status.counters.leftInDoubt > 0 || undefined);
      await until('nothing is left', () => life.forwarder.status.phase === 'idle' || undefined);
      expect(life.forwarder.status.counters).toMatchObject({ sentAgain: 0, leftInDoubt: 3 });
      expect(peer.stored.length).toBe(5);
      expect(peer.repeats).toEqual([]);
    },
    { shows: false },
  );
});

describe('what Prefect has lost and takes for a repeat when it is sent again', () => {
  /** One event that Prefect shows, and one that it forgets. */
  async function loseOne(life: ForwardedLife, peer: FaultyPrefect): Promise<void> {
    life.take([paid]);
    await until('it is known that Prefect shows events', () => life.forwarder.status.isShown === true || undefined);
    const faults: Fault[] = ['forgotten'];
    peer.faultOf = () => faults.shift() ?? 'none';
    life.take([paid]);
    await until('it was asked for', () => life.forwarder.status.counters.sentAgain > 0 || undefined);
    life.take([paid]);
  }
  const untilConfirmed = (life: ForwardedLife): Promise<true> =>
    until('all is confirmed', () => life.forwarder.status.unconfirmed === life.journal.head + 1 || undefined);

  it('is sent until Prefect keeps it', async () => {
    await withLife(
      async (life, peer) => {
        await loseOne(life, peer);
        await until('all are stored', () => peer.stored.length === 3 || undefined);
        await untilConfirmed(life);
        expect([...peer.stored].sort()).toEqual(life.sent.map(({ id }) => id));
        expect(life.forwarder.status.counters.leftInDoubt).toBe(0);
      },
      { knowsRepeatsMs: 1_000, times: { repeatMs: 1_100 } },
    );
  });

  it('is counted and given up, if Prefect never does', async () => {
    await withLife(
      async (life, peer) => {
        await loseOne(life, peer);
        await until('it is given up', () => life.forwarder.status.counters.leftInDoubt === 1 || undefined);
        await untilConfirmed(life);
        expect(peer.stored).toHaveLength(2);
      },
      { knowsRepeatsMs: 600_000, times: { repeatMs: 200 } },
    );
  });
});

it('sends nothing once it may not, though it might when the batch was made ready', async () => {
  const permit = { refresh: async () => undefined, isGood: false };
  await withLife(
    async (life, peer) => {
      life.take([paid, paid]);
      await until('it says why', () => life.forwarder.status.reason.includes('another gateway') || undefined);
      expect([peer.stored.length, life.forwarder.status.counters.asked]).toEqual([0, 0]);
      permit.isGood = true;
      await until('both are stored', () => peer.stored.length === 2 || undefined);
      expect([peer.repeats, life.forwarder.status.counters.sent]).toEqual([[], 2]);
    },
    { permit },
  );
});

it('asks for what is not confirmed after it has heard nothing of Prefect for long', async () => {
  await withLife(
    async (life, peer) => {
      life.take([paid, paid, paid]);
      await until('all are sent', () => life.forwarder.status.counters.sent === 3 || undefined);
      life.stoppedMs += 60_000;
      await until('they are asked for', () => life.forwarder.status.counters.asked === 3 || undefined);
      await until('they are confirmed', () => life.forwarder.status.unconfirmed === life.journal.head + 1 || undefined);
      expect([peer.stored.length, peer.repeats]).toEqual([3, []]);
    },
    { times: { settleMs: 30_000 } },
  );
});

it('holds back what the filter names nowhere, and lets the journal go on', async () => {
  await withLife(
    async (life, peer) => {
      const journal = life.journal;
      for (let group = 0; group < 60; group += 1) {
        life.take(Array.from({ length: 30 }, () => ({ event: 'telemetry', isFromPrefect: false })));
      }
      journal.advanceCheckpoint(journal.head);
      await until('the journal may let them go', () => {
        journal.trim();
        return journal.oldest > journal.firstSeq + 1_000 || undefined;
      });
      expect(peer.stored).toEqual([]);
      expect(life.forwarder.status.phase).toBe('idle');
    },
    { filter: '{"event":{"prefix":["order."]}}' },
  );
});

it('goes on behind what is gone from the journal, and notes that', async () => {
  await withLife(async (life, peer) => {
    life.take([paid]);
    await until('it is stored', () => peer.stored.length === 1 || undefined);
    await life.forwarder.stop(0);
    life.journal.holdFrom(Number.POSITIVE_INFINITY);
    life.take(Array.from({ length: 300 }, () => paid));
    life.journal.advanceCheckpoint(life.journal.head);
    life.journal.trim();
    const { oldest, head } = life.journal;
    await life.restart();
    await until('the rest is sent', () => peer.stored.length === head - oldest + 2 || undefined);
    expect(peer.stored.slice(1)).toEqual(life.sent.slice(-(head - oldest + 1)).map(({ id }) => id));
  });
});
