/**
 * Gateways whose producers have forced labels, and events that only ClickHouse can tell from repeats: an id that is
 * taken is kept for people, and what is old does not hold up what is new.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runBare } from '../../support/bare-sluice.ts';
import { eventLike, query, type Sent, untilFound } from '../../support/events.ts';
import { type Answer, send } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { ago, far } from '../../support/subscriber.ts';
import type { Target } from '../../support/target.ts';
import { type Cluster, installed, type Standing, standingFor } from './cluster.ts';
import { withCluster } from './with-cluster.ts';

const testMs = 300_000;
const waitMs = 60_000;
const authString = 'root:secret';
const idsMax = 1_000;
const hour = 3_600_000;

describe.skipIf(!installed.found)('gateways', () => {
  let cluster: Cluster;
  let one: TestSluice;
  let other: TestSluice;
  const secrets = new Map<string, string>();

  withCluster(async (started) => {
    cluster = started;
    const env = { SLUICE_AUTH_STRING: authString, SLUICE_ID_WINDOW_IDS_MAX: String(idsMax) };
    one = await cluster.gateway('one', env);
    other = await cluster.gateway('other', env);
    for (const tenant of ['a', 'b']) {
      const words = ['create', '--name', tenant, '--write', '--label', `tenant=${tenant}`];
      const made = await command('one', 'token', ...words);
      secrets.set(tenant, /^sluice_\S+$/m.exec(made)?.[0] ?? expect.unreachable(made));
    }
    for (const gateway of [one, other]) {
      await until('the tokens hold', async () => (await post(gateway, 'b', [])).status === 204 || undefined);
    }
  });

  async function command(id: string, ...words: string[]): Promise<string> {
    const ran = runBare({ env: { ...cluster.env(id), SLUICE_DATA_DIR: cluster.dataDir(id) }, words });
    await ran.ended;
    return ran.output();
  }
  const ownerOf = ({ url }: TestSluice): Target => ({ baseUrl: () => url, strict: true, authString });
  const post = (gateway: TestSluice, tenant: string, events: readonly Sent[]): Promise<Answer> => {
    const secret = secrets.get(tenant);
    const authorization = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
    const headers = { 'content-type': 'application/json', ...authorization };
    const signed = secret === undefined;
    return send(ownerOf(gateway), {
      method: 'POST',
      path: '/api/events',
      signed,
      headers,
      body: JSON.stringify(events),
    });
  };
  const statusOf = async (gateway: TestSluice): Promise<NonNullable<Standing['gateway']>> =>
    (await standingFor(gateway, authString)).gateway ?? expect.unreachable();
  const untilAll = (what: string, fits: (status: NonNullable<Standing['gateway']>) => boolean): Promise<true> =>
    until(what, async () => ((await Promise.all([one, other].map(statusOf))).every(fits) ? true : undefined), waitMs);

  it(
    'refuse an id that is known under another label, and keep for people what was promised before that was known',
    async () => {
      const known = randomUUID();
      expect((await post(one, 'a', [eventLike({ event: 'taken', id: known })])).status).toBe(204);
      await untilAll('it is applied', ({ applied }) => applied > 0);
      const refused = await post(other, 'b', [eventLike({ event: 'taken', id: known })]);
      expect([refused.status, refused.text]).toEqual([409, expect.stringContaining(`id taken: ${known}`)]);
      const raced = randomUUID();
      await cluster.killNats();
      const answers = await Promise.all([
        post(one, 'a', [eventLike({ event: 'taken', id: raced })]),
        post(other, 'b', [eventLike({ event: 'taken', id: raced })]),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([503, 503]);
      await cluster.startNats();
      await untilAll('all is in the shared log', ({ waiting }) => waiting === 0);
      const kept = await Promise.all([one, other].map(async (gateway) => (await statusOf(gateway)).idsTaken));
      expect([...kept].sort()).toEqual([0, 1]);
      const keeper = kept[0] === 1 ? 'one' : 'other';
      expect(await command(keeper, 'dead-letter')).toContain(`id ${raced}`);
      const { events } = await untilFound(ownerOf(one), { id: { id: [known, raced] } }, 2);
      expect(events.map(({ resource }) => resource['tenant'])).toEqual(keeper === 'one' ? ['b', 'a'] : ['a', 'a']);
    },
    testMs,
  );

  it(
    'take new events while old ones wait for a ClickHouse that is away, and store each once',
    async () => {
      const first = eventLike({ event: 'old.repeat', occurred: ago(2 * hour) });
      const some = (count: number): Sent[] => Array.from({ length: count }, () => eventLike({ event: 'filling' }));
      expect((await post(one, '', [first])).status).toBe(204);
      for (let sent = 0; sent < 2 * idsMax; sent += 500) expect((await post(one, '', some(500))).status).toBe(204);
      await untilFound(
        ownerOf(one),
        { occurred: { since: ago(3 * hour), until: far }, event: { name: ['old.repeat'] } },
        1,
      );
      await untilAll('nothing waits', ({ waiting }) => waiting === 0);
      // What occurs in the second of an id that has left may have been here, too.
      const filledAt = Date.now();
      await until('a later second', () => Date.now() > filledAt + 2_000 || undefined);
      cluster.isStoreAway = true;
      const isOut = async (gateway: TestSluice): Promise<true | undefined> =>
        (await send(ownerOf(gateway), { method: 'POST', path: '/api/events/filter', body: '{}' })).status === 503
          ? true
          : undefined;
      await until('ClickHouse is away', () => isOut(one), waitMs);
      const old = eventLike({ event: 'old.new', occurred: ago(hour) });
      expect((await post(one, '', [old])).status).toBe(204);
      expect((await post(other, '', [first])).status).toBe(204);
      for (let nth = 0; nth < 5; nth += 1) {
        expect((await post(one, '', [eventLike({ event: 'behind' })])).status).toBe(204);
      }
      for (const gateway of [one, other]) expect(await statusOf(gateway)).toMatchObject({ parked: 1, waiting: 1 });
      const head = async (gateway: TestSluice): Promise<number> => (await standingFor(gateway, authString)).head;
      await until('the other one has them', async () => (await head(one)) === (await head(other)) || undefined, waitMs);
      cluster.isStoreAway = false;
      await untilAll('nothing waits', ({ waiting, parked }) => waiting === 0 && parked === 0);
      const window = { occurred: { since: ago(3 * hour), until: far } };
      await untilFound(ownerOf(other), { ...window, event: { name: ['behind'] } }, 5);
      await untilFound(ownerOf(other), { ...window, event: { name: ['old.new'] } }, 1);
      const { events } = await query(ownerOf(other), { ...window, event: { name: ['old.repeat'] } });
      expect(events.length).toBe(1);
      expect(await cluster.counts('old.repeat')).toEqual({ events: 1, ids: 1 });
    },
    testMs,
  );
});
