/**
 * Two gateways that forward to the real Prefect: it has each event once, though the one that forwards is killed while
 * they come (the peer of forwarding.clickhouse.test.ts stands in for a Prefect that fails).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventLike } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { installPrefect, launchPrefect } from '../../support/peers/prefect.ts';
import type { ServerProcess } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { uniqueWord } from '../../support/target.ts';
import { Cluster, installed, standing, targetOf } from './cluster.ts';

const install = await installPrefect(repositoryRoot());
const startMs = 700_000;
const testMs = 600_000;
const waitMs = 300_000;
const names = ['one', 'two'] as const;
type Name = (typeof names)[number];

describe('gateways that forward to the real Prefect', () => {
  if (!install.found || !installed.found) {
    it.skip(install.found ? 'no NATS' : install.sentence, () => undefined);
    return;
  }
  let cluster: Cluster;
  let prefect: ServerProcess;
  const gateways = new Map<Name, TestSluice>();
  const prefix = uniqueWord();
  const acknowledged = new Set<string>();

  beforeAll(async () => {
    const begun = [launchPrefect(install), Cluster.start()] as const;
    [prefect, cluster] = await Promise.all(begun);
    await Promise.all(names.map(start));
  }, startMs);
  afterAll(async () => {
    await cluster?.stop();
    await prefect?.stop();
  }, testMs);

  async function start(name: Name): Promise<void> {
    gateways.set(name, await cluster.gateway(name, { SLUICE_PREFECT_URL: prefect.url }));
  }

  async function take(name: Name): Promise<void> {
    const gateway = gateways.get(name);
    const events = Array.from({ length: 5 }, () => eventLike({ event: `${prefix}.paid` }));
    const answer = gateway && (await post(targetOf(gateway), '/api/events', events).catch(() => null));
    if (answer?.status === 204) for (const { id } of events) acknowledged.add(String(id));
  }

  /** Ids of all that Prefect shows. */
  async function shown(): Promise<string[]> {
    const target = { baseUrl: () => prefect.url, strict: true };
    const filter = { event: { prefix: [`${prefix}.`] } };
    let answer = await post(target, '/api/events/filter', { limit: 50, filter });
    const ids: string[] = [];
    for (;;) {
      const page = JSON.parse(answer.text) as { events: { id: string }[]; next_page: string | null }; // as it answers
      ids.push(...page.events.map(({ id }) => id));
      if (page.next_page === null) return ids;
      const next = await fetch(page.next_page);
      answer = { ...answer, text: await next.text() };
    }
  }

  async function forwards(of: readonly Name[]): Promise<Name> {
    return await until(
      'somebody forwards',
      async () => {
        const said = await Promise.all(of.map((name) => standing(gateways.get(name)!)));
        const by = said[0]?.forwarder?.by as Name;
        return of.includes(by) && said.every(({ forwarder }) => forwarder?.by === by) ? by : undefined;
      },
      waitMs,
    );
  }

  it(
    'bring each event there once, and nothing is missing, when the one that forwards is killed',
    async () => {
      const before = await forwards(names);
      const other = before === 'one' ? 'two' : 'one';
      let isOver = false;
      const taking = names.map(async (name) => {
        while (!isOver) {
          await take(name);
          await pause(100);
        }
      });
      await until('some are there', async () => ((await shown()).length > 50 ? true : undefined), waitMs);
      await gateways.get(before)?.kill();
      expect(await forwards([other])).toBe(other);
      await start(before);
      const many = acknowledged.size;
      await until('more are taken', () => acknowledged.size > many + 50 || undefined, waitMs);
      isOver = true;
      await Promise.all(taking);
      const isForwarded = async (): Promise<true | undefined> => {
        const said = await Promise.all(names.map((name) => standing(gateways.get(name)!)));
        return said.every(({ forwarder, gateway }) => forwarder?.unconfirmedEvents === 0 && gateway?.waiting === 0)
          ? true
          : undefined;
      };
      await until('all is confirmed', isForwarded, waitMs);
      const ids = await shown();
      const there = new Set(ids);
      expect(ids.length).toBe(there.size);
      expect([...acknowledged].filter((id) => !there.has(id))).toEqual([]);
      expect((await cluster.counts(`${prefix}.paid`)).ids).toBe(ids.length);
    },
    testMs,
  );
});
