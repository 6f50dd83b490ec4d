/**
 * docs/prefect-facts.md, "Counts": counts, the sample table whole.
 */
import { beforeAll, describe, expect } from 'vitest';
import { eventLike, publish, refusal, untilFound } from '../../support/events.ts';
import { type Answer, post, send } from '../../support/http.ts';
import { law, type Target, uniqueWord } from '../../support/target.ts';
import { countSample, countSampleEvents, type SampleRow } from './count-sample.ts';

export function countsSection(target: Target): void {
  describe('POST /api/events/count-by', () => {
    sample(target);
    future(target);
    refusals(target);
    tooManyBuckets(target);
  });
}

function count(target: Target, countable: string, body: unknown): Promise<Answer> {
  return post(target, `/api/events/count-by/${countable}`, body);
}

function sample(target: Target): void {
  const word = uniqueWord();
  describe('the sample', () => {
    beforeAll(async () => {
      const events = countSampleEvents(word);
      await publish(target, events.map(eventLike));
      const occurred = { since: '2026-11-16T00:00:00Z', until: '2026-11-18T00:00:00Z' };
      await untilFound(target, { event: { prefix: [word] }, occurred }, events.length);
    });

    for (const row of countSample) {
      const tag = row.ours === undefined ? undefined : { ours: row.ours };
      law(
        target,
        row.name,
        async () => {
          const answer = await count(target, row.countable, {
            filter: { occurred: { since: row.since, until: row.until }, event: { prefix: [word] }, ...row.filter },
            ...row.unit,
          });
          expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: answered(row, word) });
        },
        tag,
      );
    }

    law(
      target,
      'an event exactly at until, where a bucket starts, is counted and harms nothing',
      async () => {
        const occurred = { since: '2026-11-16T00:00:00Z', until: '2026-11-16T01:00:00Z' };
        const answer = await count(target, 'time', {
          filter: { occurred, event: { prefix: [word] } },
          time_unit: 'hour',
        });
        expect(answer.status).toBe(200);
        expect(totalOf(answer)).toBe(5);
      },
      { ours: '[Q] an event exactly at until where a bucket starts: 500' },
    );

    law(target, 'order and limit play no part', async () => {
      const filter = {
        event: { prefix: [word] },
        occurred: { since: '2026-11-16T00:00:00Z', until: '2026-11-18T00:00:00Z' },
      };
      const plain = await count(target, 'event', { filter });
      const ordered = await count(target, 'event', { filter: { ...filter, order: 'ASC' }, limit: 1 });
      expect(ordered.text).toBe(plain.text);
    });
  });
}

function answered(row: SampleRow, word: string): string {
  return JSON.stringify(
    row.answer.map(([value, label, number, start_time, end_time]) => ({
      value: value.replace('@', word),
      label: label.replace('@', word),
      count: number,
      start_time,
      end_time,
    })),
  );
}

/** What the groups of an answer add up to. */
function totalOf(answer: Answer): number {
  const groups = JSON.parse(answer.text) as { count: number }[]; // a 200 has this shape: the table above checks it
  return groups.reduce((sum, group) => sum + group.count, 0);
}

function future(target: Target): void {
  law(target, 'with until after now, the last bucket is the one that holds the end of the current unit', async () => {
    const hour = 3_600_000;
    const before = Math.floor(Date.now() / hour);
    const filter = {
      event: { name: [uniqueWord()] },
      occurred: {
        since: new Date(Date.now() - hour).toISOString(),
        until: new Date(Date.now() + 5 * hour).toISOString(),
      },
    };
    const answer = await count(target, 'time', { filter, time_unit: 'hour' });
    const after = Math.floor(Date.now() / hour);
    const buckets = JSON.parse(answer.text) as { start_time: string }[]; // checked next
    const last = Date.parse(buckets.at(-1)?.start_time ?? '') / hour;
    // The end of the current hour is where the next one starts.
    expect([before, before + 1, after, after + 1]).toContain(last);
  });

  law(
    target,
    'an event in a bucket that is left out does no harm',
    async () => {
      const word = uniqueWord();
      const hour = 3_600_000;
      const times = [-hour, 3 * hour].map((offset) => new Date(Date.now() + offset).toISOString());
      await publish(
        target,
        times.map((occurred) => eventLike({ event: word, occurred })),
      );
      const occurred = {
        since: new Date(Date.now() - 2 * hour).toISOString(),
        until: new Date(Date.now() + 5 * hour).toISOString(),
      };
      const filter = { event: { name: [word] }, occurred };
      await untilFound(target, filter, 2);
      const answer = await count(target, 'time', { filter, time_unit: 'hour' });
      expect(answer.status).toBe(200);
      expect([1, 2]).toContain(totalOf(answer));
    },
    { ours: '[Q] an event in a left-out future bucket: 500' },
  );

  law(target, 'nothing in range is an empty list of events and resources', async () => {
    for (const countable of ['event', 'resource']) {
      expect((await count(target, countable, { filter: { event: { name: [uniqueWord()] } } })).text).toBe('[]');
    }
  });
}

function refusals(target: Target): void {
  const missing = { type: 'missing', loc: ['body', 'filter'], msg: 'Field required', input: null };

  law(target, 'wants a filter', async () => {
    const empty = await send(target, { method: 'POST', path: '/api/events/count-by/event' });
    expect({ status: empty.status, text: empty.text }).toEqual({ status: 422, text: refusal([missing], null) });
    const without = await count(target, 'event', {});
    expect({ status: without.status, text: without.text }).toEqual({ status: 422, text: refusal([missing], {}) });
  });

  law(target, 'knows four countables', async () => {
    const expected = "'day', 'time', 'event' or 'resource'";
    const answer = await count(target, 'week', { filter: {} });
    const detail = {
      type: 'enum',
      loc: ['path', 'countable'],
      msg: `Input should be ${expected}`,
      input: 'week',
      ctx: { expected },
    };
    expect({ status: answer.status, text: answer.text }).toEqual({
      status: 422,
      text: refusal([detail], { filter: {} }),
    });
  });

  law(target, 'knows five units', async () => {
    const expected = "'week', 'day', 'hour', 'minute' or 'second'";
    const body = { filter: {}, time_unit: 'year' };
    const answer = await count(target, 'time', body);
    const detail = {
      type: 'enum',
      loc: ['body', 'time_unit'],
      msg: `Input should be ${expected}`,
      input: 'year',
      ctx: { expected },
    };
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 422, text: refusal([detail], body) });
  });

  law(target, 'wants an interval of 0.01 or more', async () => {
    const body = { filter: {}, time_interval: 0.009 };
    const answer = await count(target, 'time', body);
    const detail = {
      type: 'greater_than_equal',
      loc: ['body', 'time_interval'],
      msg: 'Input should be greater than or equal to 0.01',
      input: 0.009,
      ctx: { ge: 0.01 },
    };
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 422, text: refusal([detail], body) });
  });

  law(target, 'takes null for unit and interval', async () => {
    const occurred = { since: '2026-11-16T00:00:00Z', until: '2026-11-17T12:00:00Z' };
    const filter = { event: { name: [uniqueWord()] }, occurred };
    const answer = await count(target, 'time', { filter, time_unit: null, time_interval: null });
    expect(JSON.parse(answer.text)).toHaveLength(2);
  });
}

function tooManyBuckets(target: Target): void {
  const filter = (seconds: number): object => ({
    event: { name: [uniqueWord()] },
    occurred: {
      since: '2026-11-16T00:00:00Z',
      until: new Date(Date.parse('2026-11-16T00:00:00Z') + seconds * 1000).toISOString(),
    },
  });
  for (const countable of ['day', 'time', 'event', 'resource']) {
    law(target, `refuses 1,001 buckets and takes 1,000, by ${countable}`, async () => {
      const tooMany = await count(target, countable, { filter: filter(1000.5), time_unit: 'second' });
      const detail =
        'The given interval would create 1001 buckets, which is too many. Please increase the interval or ' +
        'reduce the time range to produce 1000 buckets or fewer.';
      expect({ status: tooMany.status, text: tooMany.text }).toEqual({ status: 422, text: JSON.stringify({ detail }) });
      expect((await count(target, countable, { filter: filter(1000), time_unit: 'second' })).status).toBe(200);
    });
  }
}
