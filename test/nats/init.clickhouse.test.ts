/** A single Sluice becomes a cluster, on a real NATS server and ClickHouse: its events stay, and its tokens. */
import { describe, expect, it } from 'vitest';
import { clusterLines } from '../../support/audit-lines.ts';
import { runBare } from '../../support/bare-sluice.ts';
import { eventLike, publish, query } from '../../support/events.ts';
import { send } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { startSluice, type TestSluice } from '../../support/sluice.ts';
import { basicAuth, type Target } from '../../support/target.ts';
import { subscribe } from '../../support/wire-client.ts';
import { type Cluster, installed, standingFor } from './cluster.ts';
import { withCluster } from './with-cluster.ts';

const testMs = 400_000;
const waitMs = 60_000;
const authString = 'root:secret';

const some = (event: string, count: number) => Array.from({ length: count }, () => eventLike({ event }));

describe.skipIf(!installed.found)('a cluster that is made of a single Sluice', () => {
  let cluster: Cluster;
  let folder: string;
  let env: Record<string, string>;

  withCluster(async (started) => {
    cluster = started;
    folder = cluster.dataDir('single');
    const { CLICKHOUSE_URL, SLUICE_SIGNING_KEY } = cluster.env('single');
    env = { CLICKHOUSE_URL: CLICKHOUSE_URL ?? '', SLUICE_SIGNING_KEY: SLUICE_SIGNING_KEY ?? '' };
  });

  async function run(words: readonly string[], more: Record<string, string>) {
    const { ended, output } = runBare({ env: { SLUICE_DATA_DIR: folder, ...more }, words });
    return { code: await ended, output: output() };
  }
  const init = () => run(['cluster', 'init', '--from', folder], cluster.env('any'));
  const target = (sluice: TestSluice): Target => ({ baseUrl: () => sluice.url, strict: true, authString });
  const sameHead = (...gateways: readonly TestSluice[]) =>
    until(
      'all have the same, and it is stored',
      async () => {
        const all = await Promise.all(gateways.map((gateway) => standingFor(gateway, authString)));
        const seqs = new Set(all.flatMap(({ head, checkpoint }) => [head, checkpoint]));
        return seqs.size === 1 && all.every(({ gateway }) => gateway?.waiting === 0) ? all[0]?.head : undefined;
      },
      testMs,
    );

  it(
    'goes on behind all that it had',
    async () => {
      const single = await startSluice({ dataDir: folder, env: { ...env, SLUICE_AUTH_STRING: authString } });
      const made = await run(['token', 'create', '--name', 'ci', '--read', '--write'], {});
      const secret = /^sluice_\S+$/m.exec(made.output)?.[0] ?? expect.unreachable(made.output);
      const stored = some('stored', 60);
      await publish(target(single), stored);
      await until(
        'they are stored',
        async () => ((await cluster.counts('stored')).events === 60 ? 1 : undefined),
        waitMs,
      );
      const { next_page: next } = await query(target(single), { event: { prefix: ['stored'] } }, 10);
      await cluster.clickhouse.store.command(
        `ALTER TABLE ${cluster.table} ADD CONSTRAINT no_poison CHECK position(raw, 'poison') = 0`,
      );
      const [poison = expect.unreachable()] = some('poison', 1);
      await publish(target(single), [poison]);
      const reader = await subscribe(target(single), {}, { positions: true });
      const token = await until('a token came', () => reader.frames().find((frame) => frame.type === 'token'), waitMs);
      cluster.isStoreAway = true;
      const pending = some('pending', 40);
      await publish(target(single), pending);
      await single.kill();
      cluster.isStoreAway = false;

      // The folder and the database are refused to a gateway, with the way on.
      const gatewayOn = (dataDir: string) => run([], { ...cluster.env('one'), SLUICE_DATA_DIR: dataDir });
      expect(await gatewayOn(folder)).toMatchObject({
        code: 1,
        output: expect.stringContaining('cluster init --from'),
      });
      expect(await init()).toMatchObject({
        code: 0,
        output: expect.stringMatching(/goes on from .* epoch .* begins at/),
      });
      expect(await init()).toMatchObject({ code: 0, output: expect.stringContaining('already') });
      expect(clusterLines(folder).slice(-4)).toEqual([
        'tried cluster init',
        'handed over',
        ...['tried cluster init', 'nothing to do cluster init'],
      ]);
      expect(await run([], env)).toMatchObject({ code: 1, output: expect.stringContaining('handed over') });

      const [one, other] = await Promise.all(
        ['one', 'other'].map((id) => cluster.gateway(id, { SLUICE_AUTH_STRING: authString })),
      );
      if (one === undefined || other === undefined) return expect.unreachable();
      const before = await sameHead(one, other);
      // Repeats of what was stored, and of what was only in the journal.
      await publish(target(one), [...stored.slice(0, 30), poison, ...pending]);
      await publish(target(other), [...stored, ...pending.slice(0, 20)]);
      expect(await sameHead(one, other)).toBe(before);
      await publish(target(other), some('later', 20));
      expect(await sameHead(one, other)).toBe(before + 20);
      const lying = await send(target(other), { path: '/api/admin/dead-letter' });
      expect(JSON.parse(lying.text)).toMatchObject({ events: [{ id: poison.id }], more: false });
      for (const [event, events] of Object.entries({ stored: 60, pending: 40, later: 20 })) {
        expect(await cluster.counts(event)).toEqual({ events, ids: events });
      }
      const seqs = await cluster.seqs();
      expect(seqs.later?.first).toBeGreaterThan(Math.max(seqs.stored?.last ?? 0, seqs.pending?.last ?? 0));

      // Page links and tokens of access hold on; a position is of the epoch that has ended.
      const page = await send(target(one), { path: (next ?? '').replace(single.url, '') });
      expect([page.status, JSON.parse(page.text).events.length]).toEqual([200, 10]);
      const headers = { authorization: `Bearer ${secret}` };
      expect((await fetch(`${other.url}/api/version`, { headers })).status).toBe(200);
      expect((await fetch(`${other.url}/api/version`, { headers: { authorization: basicAuth('a:b') } })).status).toBe(
        401,
      );
      const resumed = await subscribe(
        target(one),
        {},
        { positions: true, resume: { token: tokenOf(token), position: 1 } },
      );
      const gap = await until('a gap is told', () => resumed.frames().find(({ type }) => type === 'gap'), waitMs);
      expect(gap).toMatchObject({ type: 'gap', reason: 'epoch' });
    },
    testMs,
  );
});

function tokenOf(frame: object): string {
  return 'token' in frame && typeof frame.token === 'string' ? frame.token : expect.unreachable();
}
