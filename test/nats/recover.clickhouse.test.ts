/**
 * The shared log is lost, on a real NATS server and ClickHouse: a new epoch begins, with all that the replicas, the
 * spools and ClickHouse have, each event once.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clusterLines } from '../../support/audit-lines.ts';
import { runBare } from '../../support/bare-sluice.ts';
import { eventLike, publish } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { type Cluster, installed, sameHead, standing, targetOf } from './cluster.ts';
import { withCluster } from './with-cluster.ts';

const testMs = 400_000;

const some = (event: string, count: number) => Array.from({ length: count }, () => eventLike({ event }));

describe.skipIf(!installed.found)('gateways whose shared log was lost', () => {
  let cluster: Cluster;
  let one: TestSluice;
  let other: TestSluice;

  withCluster(async (started) => {
    cluster = started;
    [one, other] = await Promise.all([cluster.gateway('one'), cluster.gateway('other')]);
  });

  async function recover(id: string, ...words: string[]): Promise<{ code: unknown; output: string }> {
    const env = { ...cluster.env(id), SLUICE_DATA_DIR: cluster.dataDir(id) };
    const { ended, output } = runBare({ env, words: ['cluster', 'recover', ...words] });
    return { code: await ended, output: output() };
  }

  it(
    'refuses while a gateway lives, and where there is nothing to recover',
    async () => {
      await publish(targetOf(one), some('stored', 50));
      await sameHead(one, other);
      await one.stop();
      expect(await recover('one')).toMatchObject({ code: 1, output: expect.stringContaining('Gateway other lives') });
      await other.stop();
      expect(await recover('one')).toMatchObject({ code: 1, output: expect.stringContaining('nothing to recover') });
      const failed = ['tried cluster recover', 'failed cluster recover'];
      expect(clusterLines(cluster.dataDir('one'))).toEqual([...failed, ...failed]);
      [one, other] = await Promise.all([cluster.gateway('one'), cluster.gateway('other')]);
      await sameHead(one, other);
    },
    testMs,
  );

  it(
    'go on in a new epoch: what was confirmed, or only taken, is stored once',
    async () => {
      // ClickHouse takes nothing: these are in the log and in the replicas alone.
      cluster.isStoreAway = true;
      const applied = some('applied', 60);
      await publish(targetOf(one), applied);
      await until(
        'both have them',
        async () => {
          const [first, second] = await Promise.all([standing(one), standing(other)]);
          return first.head === second.head && first.head > first.checkpoint ? true : undefined;
        },
        testMs,
      );
      await cluster.killNats();
      const taken = some('taken', 40);
      expect((await post(targetOf(other), '/api/events', taken)).status).toBe(503);
      await one.kill();
      await other.kill();
      rmSync(join(cluster.root, 'nats', 'store'), { recursive: true, force: true });
      await cluster.startNats();
      cluster.isStoreAway = false;

      const refused = runBare({ env: { ...cluster.env('one'), SLUICE_DATA_DIR: cluster.dataDir('one') } });
      expect([await refused.ended, refused.output()]).toEqual([1, expect.stringContaining('sluice cluster recover')]);
      const done = await recover('one');
      expect(done).toMatchObject({ code: 0, output: expect.stringContaining('Recovered: all up to seq') });
      expect(clusterLines(cluster.dataDir('one')).slice(-2)).toEqual(['tried cluster recover', 'log recovered']);
      [one, other] = await Promise.all([cluster.gateway('one'), cluster.gateway('other')]);
      const head = await sameHead(one, other);
      expect(await cluster.counts('stored')).toEqual({ events: 50, ids: 50 });
      expect(await cluster.counts('applied')).toEqual({ events: 60, ids: 60 });
      expect(await cluster.counts('taken')).toEqual({ events: 40, ids: 40 });
      // Repeats of the ended epoch are known, at both, and by a gateway that is new.
      const third = await cluster.gateway('third');
      await Promise.all([one, other, third].map((gateway) => publish(targetOf(gateway), applied.slice(0, 50))));
      expect(await sameHead(one, other, third)).toBe(head);
      await publish(targetOf(third), some('later', 20));
      expect(await sameHead(one, other, third)).toBe(head + 20);
      await one.stop();
      one = await cluster.gateway('one');
      await publish(targetOf(one), applied.slice(0, 50));
      expect(await sameHead(one, other, third)).toBe(head + 20);
    },
    testMs,
  );
});
