/**
 * What ClickHouse refuses for its content, at gateways on a real NATS server and ClickHouse: kept once for all of them,
 * over a kill of the one that writes; replayed by that one alone; and known to a gateway that begins anew.
 */
import { describe, expect, it } from 'vitest';
import type { DeadLetterList } from '../../schemas/dead-letter-list.ts';
import type { DeadLetterReplay } from '../../schemas/dead-letter-replay.ts';
import { clusterLines } from '../../support/audit-lines.ts';
import { runBare } from '../../support/bare-sluice.ts';
import { eventLike, publish, type Sent } from '../../support/events.ts';
import { post, send } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { type Cluster, installed, purgeBehindBase, sameHead, standing, targetOf } from './cluster.ts';
import { withCluster } from './with-cluster.ts';

const testMs = 400_000;
const env = { SLUICE_ID_WINDOW_IDS_MAX: '1000' };
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const some = (event: string, count: number): Sent[] => Array.from({ length: count }, () => eventLike({ event }));

describe.skipIf(!installed.found)('an event that ClickHouse refuses, at gateways', () => {
  let cluster: Cluster;
  let one: TestSluice;
  let other: TestSluice;
  const poison = eventLike({ event: 'refused', payload: { word: 'poison' } });

  withCluster(async (started) => {
    cluster = started;
    one = await cluster.gateway('one', { ...env, SLUICE_FAIL_POINT: 'dead-letter-written:1' });
    other = await cluster.gateway('other', env);
  });

  const alter = (sql: string) => cluster.clickhouse.store.command(`ALTER TABLE ${cluster.table} ${sql}`);
  async function get<Answer>(gateway: TestSluice, path: string): Promise<Answer> {
    return JSON.parse((await send(targetOf(gateway), { path: `/api/admin/${path}` })).text) as Answer; // the API's answer
  }
  const idsAt = async (gateway: TestSluice): Promise<string[]> =>
    (await get<DeadLetterList>(gateway, 'dead-letter')).events.map(({ id }) => id);
  async function command(id: string, ...words: string[]): Promise<string> {
    const ran = runBare({ env: { ...cluster.env(id), SLUICE_DATA_DIR: cluster.dataDir(id) }, words });
    await ran.ended;
    return ran.output();
  }

  it(
    'is in the dead letter once, where the one that writes is killed between that and the checkpoint, and all list it',
    async () => {
      await alter("ADD CONSTRAINT no_poison CHECK position(raw, 'poison') = 0");
      await publish(targetOf(one), [...some('good', 20), poison, ...some('good', 20)]).catch(() => undefined);
      await until('the one that writes is killed', () => (isThere(one.pid) ? undefined : true));
      one = await cluster.gateway('one', env);
      await publish(targetOf(other), some('good', 20));
      await sameHead(one, other);
      for (const gateway of [one, other]) expect(await idsAt(gateway)).toEqual([poison.id]);
      expect(await cluster.counts('good')).toEqual({ events: 60, ids: 60 });
      expect(await command('other', 'dead-letter')).toMatch(
        /^seq \d+ {2}id (\S+) .*\n1 events\. The gateway that writes/,
      );
    },
    testMs,
  );

  it(
    'is a repeat at a gateway that begins anew while it lies there',
    async () => {
      await purgeBehindBase(cluster);
      const third = await cluster.gateway('third', env);
      const before = await sameHead(one, other, third);
      await publish(targetOf(third), [poison]);
      expect(await sameHead(one, other, third)).toBe(before);
      expect(await idsAt(third)).toEqual([poison.id]);
      expect(third.output()).toContain('it begins anew');
      await third.stop();
    },
    testMs,
  );

  it(
    'can be given up, and its id and its place in the log stay known, to a new gateway too',
    async () => {
      const [given = expect.unreachable()] = some('poison', 1);
      await publish(targetOf(one), [given]);
      await sameHead(one, other);
      const listed = (await get<DeadLetterList>(one, 'dead-letter')).events.find(({ id }) => id === given.id);
      const words = ['dead-letter', 'drop', '--seq', String(listed?.seq)];
      expect(await command('other', ...words, '--dry-run')).toMatch(/^seq \d+ .*\n1 events would be given up/);
      expect((await idsAt(one)).length).toBe(2);
      expect(await command('other', ...words)).toContain('1 events are given up');
      expect(clusterLines(cluster.dataDir('other'))).toEqual(['tried dead-letter drop', 'dead letter dropped']);
      await purgeBehindBase(cluster);
      const fourth = await cluster.gateway('fourth', env);
      const before = await sameHead(one, other, fourth);
      for (const gateway of [one, fourth]) await publish(targetOf(gateway), [given]);
      expect(await sameHead(one, other, fourth)).toBe(before);
      expect(await idsAt(fourth)).toEqual([poison.id]);
      await fourth.stop();
    },
    testMs,
  );

  it(
    'is a repeat once its id has left the window, too',
    async () => {
      for (let nth = 0; nth < 6; nth += 1) await publish(targetOf(other), some('more', 200));
      const before = await sameHead(one, other);
      await publish(targetOf(other), [poison]);
      expect(await sameHead(one, other)).toBe(before);
      expect(await idsAt(other)).toEqual([poison.id]);
    },
    testMs,
  );

  it(
    'is replayed once, by the gateway that writes, and every other says which that is',
    async () => {
      const writer = (await standing(other)).gateway?.writer ?? '';
      const [holder, bystander] = writer === 'one' ? [one, other] : [other, one];
      const refused = await post(targetOf(bystander), '/api/admin/dead-letter/replay', '');
      expect([refused.status, refused.text]).toEqual([409, expect.stringContaining(`Gateway ${writer} writes`)]);
      expect(await command('other', 'dead-letter', 'replay')).toContain(`Gateway ${writer} writes into ClickHouse`);
      await alter('DROP CONSTRAINT no_poison');
      const replay = async (): Promise<DeadLetterReplay> => {
        expect((await post(targetOf(holder), '/api/admin/dead-letter/replay', '')).status).toBe(202);
        return until('it has ended', async () => {
          const newest = await get<DeadLetterReplay>(holder, 'dead-letter/replay');
          return newest.state === 'running' ? undefined : newest;
        });
      };
      expect(await replay()).toMatchObject({ state: 'done', total: 1, stored: 1, kept: 0 });
      expect(await replay()).toMatchObject({ state: 'done', total: 0 });
      for (const gateway of [one, other]) expect(await idsAt(gateway)).toEqual([]);
      expect(await cluster.counts('refused')).toEqual({ events: 1, ids: 1 });
      expect(await command('one', 'dead-letter')).toContain('The dead letter of all gateways is empty.');
    },
    testMs,
  );
});
