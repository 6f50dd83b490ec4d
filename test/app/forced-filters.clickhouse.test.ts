/**
 * I14: what a forced filter leaves out is in no read of its token, on a real Sluice.
 */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CountsFrame } from '../../schemas/count-frames.ts';
import type { AnsweredEvent } from '../../schemas/wire.ts';
import { eventLike, type Page, untilFound } from '../../support/events.ts';
import type { Answer } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { ask, follow, headersOf, open, owner, placeOf, tenants, window } from './access-world.ts';

interface Sent {
  readonly id: string;
  readonly tenant: string;
}

async function publish(count: number): Promise<Sent[]> {
  const sent = Array.from({ length: count }, (_, nth) => ({ id: randomUUID(), tenant: tenants[nth % 2] ?? 'a' }));
  const events = sent.map(({ id, tenant }, nth) =>
    eventLike({
      id,
      event: `shared.${nth % 3}`,
      resource: { 'prefect.resource.id': `thing.${nth % 5}`, tenant },
      payload: { text: `words of ${tenant}` },
    }),
  );
  const answer = await ask('POST', '/events', 'a token that may write', events);
  expect(answer.status).toBe(204);
  return sent;
}

const idsOf = (sent: readonly Sent[], tenant: string): string[] =>
  sent
    .filter((each) => each.tenant === tenant)
    .map(({ id }) => id)
    .sort();

describe('a forced filter', () => {
  let sent: Sent[];
  beforeAll(async () => {
    sent = await publish(120);
    await untilFound(owner, { occurred: window, event: { prefix: ['shared.'] } }, 120);
  });

  it.each(tenants)('of %s holds in pages and their totals, by every kind of question', async (tenant) => {
    const mine = new Set(idsOf(sent, tenant));
    const other = sent.find((each) => each.tenant !== tenant)?.id ?? '';
    for (const filter of [
      {},
      { event: { prefix: ['shared.'] } },
      { resource: { id: ['thing.1'] } },
      { resource: { labels: { tenant: ['a', 'b'] } } },
      { text: { query: 'words' } },
      { id: { id: [other, [...mine][0]] } },
      { id: { id: [other] } },
      { resource: { distinct: true } },
    ]) {
      const seen: string[] = [];
      let {
        events,
        total,
        next_page: next,
      } = await page(await ask('POST', '/events/filter', tenant, { filter, limit: 7 }));
      for (const first = total; ; ) {
        seen.push(...events.map(({ id }) => id));
        if (next === null) break;
        const path = new URL(next);
        const answer = await ask('GET', `${path.pathname.slice('/api'.length)}${path.search}`, tenant);
        ({ events, total, next_page: next } = await page(answer));
        expect(total).toBe(first);
      }
      expect([filter, seen.filter((id) => !mine.has(id))]).toEqual([filter, []]);
      expect([filter, seen.length]).toEqual([filter, total]);
    }
  });

  it.each(tenants)('of %s holds in counts', async (tenant) => {
    for (const countable of ['event', 'resource', 'time', 'day', 'label:tenant']) {
      const body = { filter: { occurred: { since: window.since } }, time_unit: 'hour' };
      const answer = await ask('POST', `/events/count-by/${countable}`, tenant, body);
      const counts = JSON.parse(answer.text) as { count: number; value: string }[];
      expect([countable, counts.reduce((sum, { count }) => sum + count, 0)]).toEqual([countable, 60]);
      if (countable === 'label:tenant') expect(counts.map(({ value }) => value)).toEqual([tenant]);
    }
  });

  it.each(tenants)('of %s holds in exports', async (tenant) => {
    const answer = await ask('POST', '/events/export', tenant, {});
    const ids = answer.text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as AnsweredEvent).id);
    expect(ids.sort()).toEqual(idsOf(sent, tenant));
  });

  it('holds in history, live, and after a resume; a place of somebody else is none', async () => {
    const filter = { occurred: window };
    const [mine, others] = await Promise.all([follow('a', { filter }), follow('b', { filter })]);
    await until('history', () => (mine.events().length >= 60 && others.events().length >= 60) || undefined);
    const more = await publish(20);
    await until('live', () => (mine.events().length >= 70 && others.events().length >= 70) || undefined);
    expect(
      mine
        .events()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(idsOf([...sent, ...more], 'a'));
    expect(
      others
        .events()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(idsOf([...sent, ...more], 'b'));
    const resume = placeOf(mine);
    void mine.close();
    const later = await publish(20);
    const again = await follow('a', { filter, resume });
    await until('the rest', () => again.events().length >= 10 || undefined);
    expect(
      again
        .events()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(idsOf(later, 'a'));
    for (const name of ['b', 'a token that may read', 'the auth string']) {
      const stranger = await follow(name, { filter, resume });
      expect([name, await stranger.closed]).toEqual([name, expect.objectContaining({ code: 1008 })]);
    }
    void again.close();
    void others.close();
  });

  it.each(tenants)('of %s holds in live counts, of what was stored and of what comes', async (tenant) => {
    const asked = { type: 'counts', countable: 'label:tenant', filter: { occurred: window } };
    const socket = await follow(tenant, asked);
    const counts = (): CountsFrame[] => socket.frames().filter((frame) => frame.type === 'counts');
    await until('the first frame', () => (counts().length > 0 ? true : undefined));
    const before = counts()[0]?.counts?.[0]?.count ?? 0;
    sent.push(...(await publish(10)));
    const newest = (): number => counts().at(-1)?.changed?.[0]?.count ?? 0;
    await until('what came is counted', () => (newest() === before + 5 ? true : undefined));
    const seen = counts().flatMap(({ counts: whole = [], changed = [] }) => [...whole, ...changed]);
    expect([...new Set(seen.map(({ value }) => value))]).toEqual([tenant]);
    await socket.close();
    const stream = await fetch(`${open.baseUrl()}/api/events/count-by/label:tenant`, { headers: headersOf(tenant) });
    const reader = stream.body!.getReader();
    let text = '';
    while (!text.includes('event: counts')) text += Buffer.from((await reader.read()).value ?? []).toString();
    await reader.cancel();
    const frame: CountsFrame = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '{}');
    expect(frame.counts?.map(({ value, count }) => [value, count])).toEqual([[tenant, before + 5]]);
  });

  it("makes page and export tokens that are nobody else's", async () => {
    const first = await page(await ask('POST', '/events/filter', 'a', { limit: 5 }));
    const path = new URL(first.next_page ?? '');
    const exported = await ask('POST', '/events/export', 'a', {});
    const line = JSON.parse(exported.text.split('\n')[0] ?? '') as AnsweredEvent;
    const resume = {
      token: exported.headers['sluice-export-token'],
      after: { occurred: line.occurred, id: line.id },
    };
    for (const name of ['b', 'a token that may read', 'the auth string', 'a JWT that reads']) {
      const next = await ask('GET', `${path.pathname.slice('/api'.length)}${path.search}`, name);
      expect([name, next.status, (await ask('POST', '/events/export', name, resume)).status]).toEqual([name, 403, 403]);
    }
    expect((await ask('POST', '/events/export', 'a', resume)).status).toBe(200);
  });
});

async function page(answer: Answer): Promise<Page> {
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([200, expect.any(String)]);
  return JSON.parse(answer.text) as Page; // what the tests go on to check
}
