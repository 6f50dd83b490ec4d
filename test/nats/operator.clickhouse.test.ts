/** What an operator does with gateways on a real NATS server and ClickHouse: look at all of them, and let one go. */
import { cpSync, renameSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clusterLines } from '../../support/audit-lines.ts';
import { runBare } from '../../support/bare-sluice.ts';
import { eventLike, publish } from '../../support/events.ts';
import { until } from '../../support/poll.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { type Cluster, installed, sameHead, standing, targetOf } from './cluster.ts';
import { withCluster } from './with-cluster.ts';

const testMs = 300_000;

const some = (event: string, count: number) => Array.from({ length: count }, () => eventLike({ event }));

interface Told {
  readonly log: { readonly first: number; readonly last: number };
  readonly writer: { readonly holder: string; readonly checkpoint: number };
  readonly gateways: readonly { readonly id: string; readonly state: string; readonly waiting: number }[];
  readonly faults: readonly string[];
}

describe.skipIf(!installed.found)('the operator of gateways that share a log', () => {
  let cluster: Cluster;
  let one: TestSluice;
  let other: TestSluice;

  withCluster(async (started) => {
    cluster = started;
    [one, other] = await Promise.all([cluster.gateway('one'), cluster.gateway('other')]);
  });

  async function command(...words: string[]): Promise<{ code: unknown; output: string }> {
    const { ended, output } = runBare({ env: { SLUICE_LOG: cluster.nats.url }, words: ['cluster', ...words] });
    return { code: await ended, output: output() };
  }

  async function told(): Promise<Told & { code: unknown }> {
    const { code, output } = await command('status', '--json');
    return { code, ...(JSON.parse(output) as Told) };
  }

  const states = ({ gateways }: Told) => Object.fromEntries(gateways.map(({ id, state }) => [id, state]));

  it(
    'sees how all of them stand, and by the exit code whether all is well',
    async () => {
      await publish(targetOf(one), some('seen', 30));
      const seq = (await standing(one)).head;
      await until('all is stored', async () => {
        const found = await told();
        return found.code === 0 && found.writer.checkpoint >= seq ? true : undefined;
      });
      const found = await told();
      expect(states(found)).toEqual({ one: 'living', other: 'living' });
      expect(found.faults).toEqual([]);
      const { code, output } = await command('status');
      expect([code, output]).toEqual([0, expect.stringContaining('All is well.')]);
      expect(output).toMatch(/^one +living +\d+ +\d+ +0 +1$/m);
      expect(await command('leave', 'one')).toMatchObject({
        code: 1,
        output: expect.stringContaining('lives: stop it'),
      });
    },
    testMs,
  );

  it(
    'is told of a folder that is a copy, also of one that was taken since its gateway was started',
    async () => {
      await publish(targetOf(other), some('copied', 10));
      const [folder, copy, own] = ['', '-copy', '-own'].map((end) => `${cluster.dataDir('other')}${end}`);
      cpSync(folder ?? '', copy ?? '', { recursive: true, filter: (path) => !basename(path).startsWith('LOCK') });
      await publish(targetOf(other), some('copied', 10));
      await sameHead(one, other);
      await other.kill();
      renameSync(folder ?? '', own ?? '');
      renameSync(copy ?? '', folder ?? '');
      const env = { ...cluster.env('other'), SLUICE_DATA_DIR: folder ?? '' };
      const started = runBare({ env });
      expect([await started.ended, started.output()]).toEqual([1, expect.stringContaining('is an older copy')]);
      rmSync(folder ?? '', { recursive: true });
      renameSync(own ?? '', folder ?? '');
      other = await cluster.gateway('other');
      await publish(targetOf(other), some('copied', 10));
      await sameHead(one, other);
      expect(await cluster.counts('copied')).toEqual({ events: 30, ids: 30 });
    },
    testMs,
  );

  it(
    'lets one go that was stopped: its name is gone, and the stream waits for it no more',
    async () => {
      await other.stop();
      const stopped = await told();
      expect(states(stopped)).toEqual({ one: 'living', other: 'ended' });
      await publish(targetOf(one), some('behind', 30));
      const kept = await told();
      expect(kept.log.first).toBeLessThanOrEqual(kept.log.last);
      const beside = { SLUICE_LOG: cluster.nats.url, SLUICE_DATA_DIR: cluster.dataDir('one') };
      const left = runBare({ env: beside, words: ['cluster', 'leave', 'other'] });
      expect([await left.ended, left.output()]).toEqual([0, expect.stringContaining('let go')]);
      const raised = runBare({ env: beside, words: ['cluster', 'upgrade'] });
      expect([await raised.ended, raised.output()]).toEqual([0, expect.stringContaining('nothing to upgrade')]);
      expect(clusterLines(cluster.dataDir('one'))).toEqual([
        ...['tried cluster leave', 'gateway let go', 'tried cluster upgrade', 'nothing to do cluster upgrade'],
      ]);
      expect(states(await told())).toEqual({ one: 'living' });
      // Nobody else needs what it has not applied.
      await until(
        'the stream is trimmed',
        async () => ((await told()).log.first > kept.log.last ? true : undefined),
        testMs,
      );
      expect(await command('leave', 'other')).toMatchObject({ code: 1, output: expect.stringContaining('knows no') });
    },
    testMs,
  );

  it(
    'hears in one sentence where nothing can be told',
    async () => {
      const nowhere = runBare({ env: {}, words: ['cluster', 'status'] });
      expect([await nowhere.ended, nowhere.output()]).toEqual([1, expect.stringContaining('SLUICE_LOG must name')]);
      const words = ['cluster', 'status', '--log-name', 'NONE'];
      const none = runBare({ env: { SLUICE_LOG: cluster.nats.url }, words });
      expect([await none.ended, none.output()]).toEqual([1, expect.stringContaining('no shared log NONE there')]);
      const unknown = runBare({ env: { SLUICE_LOG: cluster.nats.url }, words: ['cluster', 'burn'] });
      expect([await unknown.ended, unknown.output()]).toEqual([
        2,
        expect.stringContaining('What is burn? The commands are'),
      ]);
    },
    testMs,
  );
});
