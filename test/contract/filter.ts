/**
 * Filters (docs/prefect-facts.md, "Filters"): what each kind of filter finds, and what the rest of the body does.
 */
import { beforeAll, describe, expect } from 'vitest';
import { eventLike, type Page, pageOf, publish, query, refusal, untilFound } from '../../support/events.ts';
import { post, send } from '../../support/http.ts';
import { law, type Target, uniqueWord } from '../../support/target.ts';
import { filterCases, makeCorpus } from './filter-cases.ts';

export function filterSection(target: Target): void {
  describe('POST /api/events/filter', () => {
    kindsOfFilter(target);
    defaults(target);
    distinct(target);
    limits(target);
    bodies(target);
  });
}

function kindsOfFilter(target: Target): void {
  const corpus = makeCorpus(uniqueWord());
  const { word } = corpus;
  describe('finds by', () => {
    beforeAll(async () => {
      await publish(target, corpus.events);
      await untilFound(target, { event: { prefix: [word] } }, corpus.events.length);
    });

    for (const row of filterCases) {
      const tag = row.ours === undefined ? undefined : { ours: row.ours };
      law(
        target,
        `${row.name} → ${row.finds === '' ? 'nothing' : row.finds}`,
        async () => {
          const filter = row.filter(corpus);
          expect(lettersOf(await query(target, { ...scopeOf(filter), ...filter, order: 'ASC' }))).toBe(row.finds);
        },
        tag,
      );
    }

    law(target, 'nothing but the run, newest first by default', async () => {
      expect(lettersOf(await query(target, { event: { prefix: [word] } }))).toBe('fedcba');
    });
  });

  /** Ids of the corpus as letters; an event of another run would show as `?`. */
  function lettersOf(page: Page): string {
    return page.events.map(({ id }) => 'abcdef'[corpus.ids.indexOf(id)] ?? '?').join('');
  }

  /** Keeps other runs' events out without touching the part under test. */
  function scopeOf(filter: Readonly<Record<string, unknown>>): object {
    return 'id' in filter ? { event: { prefix: [word] } } : { id: { id: corpus.ids } };
  }
}

function defaults(target: Target): void {
  const day = 86_400_000;
  law(target, 'looks from midnight 180 days ago to now unless told otherwise', async () => {
    const word = uniqueWord();
    const midnight = Math.floor(Date.now() / day) * day;
    const times = {
      old: midnight - 180 * day - 1,
      edge: midnight - 180 * day,
      now: Date.now() - 1,
      ahead: Date.now() + day,
    };
    const events = Object.entries(times).map(([name, time]) =>
      eventLike({ event: `${word}.${name}`, occurred: new Date(time).toISOString() }),
    );
    await publish(target, events);
    const event = { prefix: [word] };
    const everything = { since: '1990-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z' };
    await untilFound(target, { event, occurred: everything }, 4);
    const names = (page: Page): string[] => page.events.map(({ event: name }) => name.slice(word.length + 1));
    expect(names(await query(target, { event }))).toEqual(['now', 'edge']);
    expect(names(await query(target, { event, occurred: {} }))).toEqual(['now', 'edge']);
    expect(names(await query(target, { event, occurred: { since: everything.since } }))).toEqual([
      'now',
      'edge',
      'old',
    ]);
    expect(names(await query(target, { event, occurred: { until: everything.until } }))).toEqual([
      'ahead',
      'now',
      'edge',
    ]);
  });

  law(target, 'takes no body, null and {} as all defaults', async () => {
    for (const body of [undefined, 'null', '{}', '{"filter":null,"limit":null}', '{"event":{"name":["no.such"]}}']) {
      const headers = { 'content-type': 'application/json' };
      const answer = await send(target, {
        method: 'POST',
        path: '/api/events/filter',
        headers,
        ...(body === undefined ? {} : { body }),
      });
      const page = pageOf(answer);
      expect(page.total).toBeGreaterThan(0);
      expect(page.events.length).toBe(Math.min(page.total, 50));
    }
  });

  law(target, 'answers an empty page as such', async () => {
    const answer = await post(target, '/api/events/filter', { filter: { event: { name: [uniqueWord()] } } });
    expect(answer.text).toBe('{"events":[],"total":0,"next_page":null}');
  });
}

function distinct(target: Target): void {
  law(target, 'gives one event for each resource with distinct: the newest, or the oldest', async () => {
    const word = uniqueWord();
    const resources = ['one', 'two', 'one', 'three', 'two'];
    const base = Date.now() - 60_000;
    const events = resources.map((name, at) =>
      eventLike({
        event: `${word}.${at}`,
        resource: { 'prefect.resource.id': `${word}.${name}` },
        occurred: new Date(base + at * 1000).toISOString(),
      }),
    );
    await publish(target, events);
    const event = { prefix: [word] };
    await untilFound(target, { event }, 5);
    const names = async (order: string): Promise<unknown> => {
      const page = await query(target, { event, resource: { distinct: true }, order });
      return { total: page.total, names: page.events.map(({ event: name }) => name.slice(word.length + 1)) };
    };
    expect(await names('DESC')).toEqual({ total: 3, names: ['4', '3', '2'] });
    expect(await names('ASC')).toEqual({ total: 3, names: ['0', '1', '3'] });
  });
}

function limits(target: Target): void {
  const word = uniqueWord();
  const filter = { event: { prefix: [word] } };
  describe('limit', () => {
    beforeAll(async () => {
      const base = Date.now() - 60_000;
      const at = (offset: number): string => new Date(base + offset).toISOString();
      await publish(
        target,
        Array.from({ length: 60 }, (_, n) => eventLike({ event: `${word}.${n}`, occurred: at(n) })),
      );
      await untilFound(target, filter, 60);
    });

    const sizes: readonly (readonly [sent: unknown, size: number])[] = [
      [undefined, 50],
      [null, 50],
      ['5', 5],
      [true, 1],
      [50, 50],
      [1, 1],
      [0, 0],
    ];
    for (const [limit, size] of sizes) {
      law(target, `${JSON.stringify(limit)} gives ${size} events`, async () => {
        const page = pageOf(await post(target, '/api/events/filter', { filter, limit }));
        expect({ count: page.events.length, total: page.total }).toEqual({ count: size, total: 60 });
      });
    }

    law(target, '2.0 is a whole number', async () => {
      const body = `{"filter":${JSON.stringify(filter)},"limit":2.0}`;
      expect(pageOf(await post(target, '/api/events/filter', body)).events).toHaveLength(2);
    });

    const refused: readonly (readonly [limit: number, type: string, msg: string, ctx: object])[] = [
      [51, 'less_than_equal', 'Input should be less than or equal to 50', { le: 50 }],
      [-1, 'greater_than_equal', 'Input should be greater than or equal to 0', { ge: 0 }],
    ];
    for (const [limit, type, msg, ctx] of refused) {
      law(target, `${limit} is refused`, async () => {
        const body = { limit };
        const answer = await post(target, '/api/events/filter', body);
        const detail = { type, loc: ['body', 'limit'], msg, input: limit, ctx };
        expect({ status: answer.status, text: answer.text }).toEqual({ status: 422, text: refusal([detail], body) });
      });
    }
  });
}

function bodies(target: Target): void {
  for (const body of ['[]', '5', '"x"', '[1]']) {
    law(target, `refuses the body ${body} with two missing fields`, async () => {
      const answer = await post(target, '/api/events/filter', body);
      const details = ['filter', 'limit'].map((name) => ({
        type: 'missing',
        loc: ['body', name],
        msg: 'Field required',
        input: null,
      }));
      expect(answer.status).toBe(422);
      expect(JSON.parse(answer.text)).toMatchObject({
        exception_detail: details.map(({ type, loc, msg }) => ({ type, loc, msg })),
      });
      expect(answer.text).toContain(`"request_body":${body}}`);
    });
  }

  law(target, 'refuses order in another case, unknown fields and a null occurred', async () => {
    const body = { filter: { occurred: null, order: 'asc', nonsense: 1, event: { nonsense: 2 } } };
    const answer = await post(target, '/api/events/filter', body);
    expect(answer.status).toBe(422);
    expect((JSON.parse(answer.text) as { exception_detail: { type: string; loc: string[] }[] }).exception_detail) // checked here
      .toMatchObject([
        { loc: ['body', 'filter', 'occurred'] },
        { type: 'extra_forbidden', loc: ['body', 'filter', 'event', 'nonsense'] },
        { type: 'enum', loc: ['body', 'filter', 'order'], msg: "Input should be 'ASC' or 'DESC'" },
        { type: 'extra_forbidden', loc: ['body', 'filter', 'nonsense'] },
      ]);
  });

  law(target, 'refuses a text of 201 characters, and takes one of 200', async () => {
    const answer = await post(target, '/api/events/filter', { filter: { text: { query: 'x'.repeat(201) } } });
    expect(answer.text).toContain(
      '"type":"string_too_long","loc":["body","filter","text","query"],"msg":"String should have at most ' +
        '200 characters"',
    );
    expect(answer.text).toContain('"ctx":{"max_length":200}');
    expect((await post(target, '/api/events/filter', { filter: { text: { query: 'x'.repeat(200) } } })).status).toBe(
      200,
    );
  });
}
