/**
 * docs/prefect-facts.md, "Pages and their tokens": pages and their tokens.
 */
import { beforeAll, describe, expect } from 'vitest';
import { eventLike, type Page, pageOf, publish, query, refusal, untilFound } from '../../support/events.ts';
import { type Answer, post, send } from '../../support/http.ts';
import { law, type Target, uniqueWord } from '../../support/target.ts';

const nextPath = '/api/events/filter/next';
const count = 23;

export function pagesSection(target: Target): void {
  describe('GET /api/events/filter/next', () => {
    const word = uniqueWord();
    const filter = { event: { prefix: [word] } };
    beforeAll(async () => {
      await publish(target, numbered(word, 0, count));
      await untilFound(target, filter, count);
    });
    walks(target, filter);
    addresses(target, filter);
    badTokens(target, filter);
    arrivals(target);
  });
}

/** Pairs of events share their time, so that a page may end between two of the same time. */
function numbered(word: string, from: number, to: number): ReturnType<typeof eventLike>[] {
  const base = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  return Array.from({ length: to - from }, (_, at) =>
    eventLike({
      event: `${word}.${from + at}`,
      occurred: new Date(base + Math.floor((from + at) / 2) * 1000).toISOString(),
    }),
  );
}

/** All pages from the first on. */
async function walk(
  target: Target,
  first: Page,
  between: () => Promise<void> = async () => undefined,
): Promise<Page[]> {
  const pages = [first];
  for (let page = first; page.next_page !== null; ) {
    await between();
    page = pageOf(await follow(target, page.next_page));
    pages.push(page);
  }
  return pages;
}

function follow(target: Target, nextPage: string): Promise<Answer> {
  const { pathname, search } = new URL(nextPage);
  return send(target, { path: pathname + search });
}

function tokenOf(page: Page): string {
  return new URL(page.next_page ?? '').searchParams.get('page-token') ?? '';
}

function walks(target: Target, filter: object): void {
  for (const order of ['ASC', 'DESC']) {
    law(target, `pages together are the whole, in order, each event once (${order})`, async () => {
      const pages = await walk(target, await query(target, { ...filter, order }, 5));
      expect(pages.map(({ events }) => events.length)).toEqual([5, 5, 5, 5, 3]);
      expect(pages.map(({ total }) => total)).toEqual([count, count, count, count, count]);
      const events = pages.flatMap((page) => page.events);
      expect(new Set(events.map(({ id }) => id)).size).toBe(count);
      const times = events.map(({ occurred }) => occurred);
      expect(times).toEqual(order === 'ASC' ? times.toSorted() : times.toSorted().reverse());
    });
  }

  law(target, 'a page that holds all, or ends exactly at the last, has no next', async () => {
    expect((await query(target, filter, 50)).next_page).toBeNull();
    expect((await query(target, filter, count)).next_page).toBeNull();
    expect((await query(target, filter, count - 1)).next_page).not.toBeNull();
  });

  law(target, 'pages of distinct resources are the whole', async () => {
    const word = uniqueWord();
    const events = numbered(word, 0, 14).map((event, at) => ({
      ...event,
      resource: { 'prefect.resource.id': `${word}.${at % 7}` },
    }));
    await publish(target, events);
    const scope = { event: { prefix: [word] } };
    await untilFound(target, scope, 14);
    const pages = await walk(target, await query(target, { ...scope, resource: { distinct: true } }, 3));
    expect(pages.map((page) => page.events.length)).toEqual([3, 3, 1]);
    expect(pages[0]?.total).toBe(7);
    const ids = pages.flatMap((page) => page.events.map(({ resource }) => resource['prefect.resource.id']));
    expect(new Set(ids).size).toBe(7);
  });

  law(target, 'limit 0 has a next page that is empty again', async () => {
    const first = await query(target, filter, 0);
    expect(first).toMatchObject({ events: [], total: count });
    const second = pageOf(await follow(target, first.next_page ?? ''));
    expect(second).toMatchObject({ events: [], total: count, next_page: expect.any(String) });
  });

  law(target, 'a token can be used again', async () => {
    const { next_page: next } = await query(target, filter, 5);
    const [first, second] = [await follow(target, next ?? ''), await follow(target, next ?? '')];
    expect(pageOf(first).events).toEqual(pageOf(second).events);
  });
}

function addresses(target: Target, filter: object): void {
  law(target, 'the next page is addressed by the Host that was asked', async () => {
    const headers = { host: 'some.host:99', 'content-type': 'application/json' };
    const body = JSON.stringify({ filter, limit: 1 });
    const page = pageOf(await send(target, { method: 'POST', path: '/api/events/filter', headers, body }));
    expect(page.next_page).toMatch(/^http:\/\/some\.host:99\/api\/events\/filter\/next\?page-token=[\w%=.~-]+$/);
  });

  law(target, 'no token is a missing field', async () => {
    const answer = await send(target, { path: nextPath });
    const detail = { type: 'missing', loc: ['query', 'page-token'], msg: 'Field required', input: null };
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 422, text: refusal([detail], null) });
  });

  law(target, 'of two tokens the last counts', async () => {
    const token = encodeURIComponent(tokenOf(await query(target, filter, 5)));
    expect((await send(target, { path: `${nextPath}?page-token=nope&page-token=${token}` })).status).toBe(200);
    expect((await send(target, { path: `${nextPath}?page-token=${token}&page-token=nope` })).status).toBe(403);
  });
}

function badTokens(target: Target, filter: object): void {
  const refused = async (token: string): Promise<void> => {
    const answer = await send(target, { path: `${nextPath}?page-token=${encodeURIComponent(token)}` });
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 403, text: '{"detail":"Forbidden"}' });
  };
  const twice = (text: string): string => Buffer.from(Buffer.from(text).toString('base64')).toString('base64');
  const forged: Readonly<Record<string, string>> = {
    'an empty one': '',
    'one that is not base64': '%%%',
    'base64 of what is not base64': Buffer.from('%%%').toString('base64'),
    'base64 of what is not JSON': twice('{nope'),
  };
  for (const [name, token] of Object.entries(forged)) {
    law(target, `refuses ${name} with 403`, () => refused(token));
  }

  law(target, 'refuses a cut token with 403', async () => {
    const token = tokenOf(await query(target, filter, 5));
    await refused(token.slice(0, token.length / 2));
  });

  const quirk = { ours: '[Q] well-formed JSON that is no token is 500, and changed tokens are obeyed' };
  for (const text of ['[]', '{}', '{"filter":{},"count":1,"page_size":99,"offset":0}']) {
    law(target, `refuses a token made of ${text} with 403`, () => refused(twice(text)), quirk);
  }

  law(
    target,
    'refuses a token in which any one character was changed',
    async () => {
      const token = tokenOf(await query(target, filter, 5));
      for (let at = 0; at < token.length; at += 7) {
        const other = token[at] === 'A' ? 'B' : 'A';
        await refused(token.slice(0, at) + other + token.slice(at + 1));
      }
    },
    quirk,
  );
}

function arrivals(target: Target): void {
  for (const order of ['ASC', 'DESC']) {
    law(
      target,
      `events that arrive meanwhile shift nothing and are in no page (${order})`,
      async () => {
        const word = uniqueWord();
        const filter = { event: { prefix: [word] } };
        await publish(target, numbered(word, 0, 20));
        await untilFound(target, filter, 20);
        let sent = 20;
        const pages = await walk(target, await query(target, { ...filter, order }, 4), async () => {
          await publish(target, [...numbered(word, 0, 2), ...numbered(word, 18, 20)]);
          sent += 4;
          await untilFound(target, filter, sent);
        });
        expect(pages.map(({ total }) => total)).toEqual(pages.map(() => 20));
        const ids = pages.flatMap(({ events }) => events.map(({ id }) => id));
        expect(ids).toHaveLength(20);
        expect(new Set(ids).size).toBe(20);
      },
      { ours: 'pages are as of the first page; [Q] offsets shift' },
    );
  }

  law(target, 'refuses with 405 to be posted to, whatever the token', async () => {
    expect((await post(target, nextPath, {})).status).toBe(405);
  });
}
