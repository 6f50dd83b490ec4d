/**
 * docs/SCALE.md, "Backup and restore", step by step on a real NATS server and ClickHouse: what a restore loses is what
 * is said there, and no more.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cleanUp, runBare } from '../../support/bare-sluice.ts';
import { eventLike, publish } from '../../support/events.ts';
import { launchNats, type NatsProcess } from '../../support/peers/nats-server.ts';
import { until } from '../../support/poll.ts';
import { startShards, type TestShards } from '../../support/shards.ts';
import { startSluice, type TestSluice } from '../../support/sluice.ts';
import { installed, sameHead, standing, targetOf } from './cluster.ts';

const testMs = 400_000;

const some = (event: string, count: number) => Array.from({ length: count }, () => eventLike({ event }));

describe.skipIf(!installed.found)('a backup of what gateways share', () => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-backup-'));
  const backups = join(root, 'backups');
  let nats: NatsProcess;
  let clickhouse: TestShards;
  const gateways: TestSluice[] = [];

  beforeAll(async () => {
    mkdirSync(backups);
    nats = await launchNats(installed.found ? installed.folder : '', { directory: join(root, 'nats') });
    clickhouse = await startShards(1, 'shards', { backups });
  }, testMs);
  afterEach(cleanUp);
  afterAll(async () => {
    await stopAll();
    await clickhouse?.stop();
    await nats?.kill();
    rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  const env = (id: string): Record<string, string> => ({
    ...{ SLUICE_LOG: nats.url, SLUICE_GATEWAY_ID: id, SLUICE_SIGNING_KEY: 'the key that all gateways share' },
    ...{ CLICKHOUSE_URL: clickhouse.url, SLUICE_DATA_DIR: join(root, id) },
  });
  const start = async (id: string): Promise<TestSluice> => {
    const gateway = await startSluice({ dataDir: join(root, id), env: env(id) });
    gateways.push(gateway);
    return gateway;
  };
  const stopAll = async () => await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  const startAll = async (): Promise<[TestSluice, TestSluice]> => await Promise.all([start('one'), start('other')]);

  async function ask(sql: string): Promise<string> {
    const { url, username, password, database } = clickhouse.endpoints[0] ?? expect.unreachable();
    const headers = { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password };
    // A database that is to be restored is not there yet.
    const where = sql.startsWith('SELECT') ? `?database=${database}` : '';
    const answer = await fetch(`${url}/${where}`, { method: 'POST', headers, body: sql });
    const text = (await answer.text()).trim();
    if (!answer.ok) throw new Error(text);
    return text;
  }
  const stored = (event: string) =>
    ask(`SELECT concat(count(), ' ', uniqExact(id)) FROM events WHERE JSONExtractString(raw, 'event') = '${event}'`);

  const first = ['before', 'since', 'gone', 'unstored'];
  const all = [...first, 'second', 'after'];
  const countsOf = (events: readonly string[]) => Promise.all(events.map(stored));

  /** 2. and 3. of "Restore". */
  async function restore(backup: string): Promise<void> {
    await ask(`RESTORE DATABASE events FROM File('${backup}')`);
    const recover = runBare({ env: env('one'), words: ['cluster', 'recover', '--anew'] });
    expect([await recover.ended, recover.output()]).toEqual([0, expect.stringContaining('Recovered: all up to seq')]);
  }

  it(
    'brings back all up to it, and what replicas and spools still have, each once, restored as often as one likes',
    async () => {
      let [one, other] = await startAll();
      await publish(targetOf(one), some('before', 60));
      await sameHead(one, other);
      // 1. to 3. of "Back up".
      await stopAll();
      await ask("BACKUP DATABASE events TO File('shared')");
      [one, other] = await startAll();
      let third = await start('third');
      const gone = some('gone', 30);
      await publish(targetOf(other), some('since', 30));
      await publish(targetOf(third), gone);
      await sameHead(one, other, third);
      // Its folder is lost, too: no spool has what it took.
      await gateways.pop()?.stop();
      rmSync(join(root, 'third'), { recursive: true });

      // ClickHouse is lost; what comes now is in the shared log alone.
      await clickhouse.stop();
      await publish(targetOf(one), some('unstored', 20));
      await until(
        'both have applied them',
        async () => {
          const [first, second] = await Promise.all([standing(one), standing(other)]);
          return first.head === second.head && first.head >= first.checkpoint + 20 ? true : undefined;
        },
        testMs,
      );
      // 1. to 4. of "Restore".
      await stopAll();
      clickhouse = await startShards(1, 'shards', { backups });
      await restore('shared');
      [one, other] = await startAll();
      await sameHead(one, other);
      expect(await countsOf(first)).toEqual(['60 60', '30 30', '30 30', '20 20']);

      await publish(targetOf(other), some('second', 10));
      await sameHead(one, other);
      await ask("BACKUP DATABASE events TO File('later')");
      await publish(targetOf(one), some('after', 10));
      await sameHead(one, other);
      await stopAll();
      // It is older than the epoch that began behind it, and what the lost folder took is in no replica any more.
      await ask('DROP DATABASE events SYNC');
      await restore('shared');
      [one, other] = await startAll();
      const head = await sameHead(one, other);
      expect(await countsOf(all)).toEqual(['60 60', '30 30', '0 0', '20 20', '10 10', '10 10']);
      await publish(targetOf(other), gone);
      third = await start('third');
      expect(await sameHead(one, other, third)).toBe(head + 30);
      expect(await stored('gone')).toBe('30 30');

      // The later backup has events under other seqs than this replica.
      await stopAll();
      await ask('DROP DATABASE events SYNC');
      await restore('later');
      [one, other] = await startAll();
      await sameHead(one, other);
      expect(await countsOf(all)).toEqual(['60 60', '30 30', '30 30', '20 20', '10 10', '10 10']);
    },
    testMs,
  );
});
