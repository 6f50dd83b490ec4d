/**
 * docs/prefect-facts.md, "Sending events": POST /api/events.
 */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect } from 'vitest';
import { eventLike, publish, query, refusal, type Sent, untilFound } from '../../support/events.ts';
import { post, send } from '../../support/http.ts';
import { law, type Target, uniqueWord } from '../../support/target.ts';
import { eventForms } from './event-forms.ts';
import { eventRefusals } from './event-refusals.ts';

export function eventsSection(target: Target): void {
  describe('POST /api/events', () => {
    refusals(target);
    unreadable(target);
    forms(target);
    batches(target);
    repeats(target);
    large(target);
  });
}

function refusals(target: Target): void {
  for (const row of eventRefusals) {
    const tag = row.ours === undefined ? undefined : { ours: row.ours };
    law(
      target,
      `refuses ${row.name}`,
      async () => {
        const answer = await post(target, '/api/events', row.body);
        const requestBody = 'requestBody' in row ? row.requestBody : row.body;
        expect({ status: answer.status, text: answer.text }).toEqual({
          status: 422,
          text: refusal(row.details(row.body), requestBody),
        });
      },
      tag,
    );
  }
}

function unreadable(target: Target): void {
  law(target, 'refuses what is not JSON, and quotes it', async () => {
    const answer = await post(target, '/api/events', '{nope');
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.text)).toEqual({
      exception_message: 'Invalid request received.',
      exception_detail: [
        {
          type: 'json_invalid',
          loc: ['body', expect.any(Number)],
          msg: 'JSON decode error',
          input: {},
          ctx: { error: expect.any(String) },
        },
      ],
      request_body: '{nope',
    });
  });

  law(
    target,
    'refuses a lone surrogate in a name or a label',
    async () => {
      for (const fields of ['"event":"\\ud800"', '"resource":{"prefect.resource.id":"r","l":"\\udfff"}']) {
        const text = `[{"occurred":"2026-11-16T00:00:00Z","event":"e","resource":{"prefect.resource.id":"r"},"id":"${randomUUID()}",${fields}}]`;
        expect((await post(target, '/api/events', text)).status).toBe(422);
      }
    },
    { ours: 'a lone surrogate in a name or label is 422' },
  );

  law(
    target,
    'refuses a payload nested deeper than 1,000 levels, and takes one below',
    async () => {
      const nested = (levels: number): string =>
        `[{"occurred":"2026-11-16T00:00:00Z","event":"e","resource":{"prefect.resource.id":"r"},"id":"${randomUUID()}","payload":{"a":${'['.repeat(levels)}${']'.repeat(levels)}}}]`;
      expect((await post(target, '/api/events', nested(1100))).status).toBe(422);
      expect((await post(target, '/api/events', nested(900))).status).toBe(204);
    },
    { ours: 'payload nesting is bounded' },
  );

  law(target, 'answers invalid UTF-8 with 400', async () => {
    const answer = await send(target, {
      method: 'POST',
      path: '/api/events',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('[{"event":"\xff"}]', 'latin1'),
    });
    const text = '{"detail":"There was an error parsing the body"}';
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 400, text });
  });
}

function forms(target: Target): void {
  const word = uniqueWord();
  const texts = new Map<string, string>();
  describe('what comes out', () => {
    beforeAll(async () => {
      const events = eventForms.map((form, at) => textOf(`${word}.${at}.`, form.fields));
      for (const text of events) {
        const answer = await post(target, '/api/events', `[${text}]`);
        if (answer.status !== 204 && target.strict) throw new Error(`${text} answered ${answer.status} ${answer.text}`);
      }
      // The last one was sent last, so what is not there now never will be.
      await publish(target, [eventLike({ event: `${word}.last` })]);
      await untilFound(target, { event: { name: [`${word}.last`] } }, 1);
    });

    for (const [at, form] of eventForms.entries()) {
      const tag = form.ours === undefined ? undefined : { ours: form.ours };
      law(
        target,
        `keeps ${form.name}`,
        async () => {
          const filter = { event: { name: [`${word}.${at}.`] }, occurred: { since: '2026-11-01T00:00:00Z' } };
          const answer = await post(target, '/api/events/filter', { filter });
          expect(answer.text).toContain(form.answered);
          const id = idOf(word, at);
          const order = `"event":"${word}.${at}.","resource":{.*},"related":\\[.*\\],"payload":{.*},"id":"${id}","follows":.*,"received":"20[^"]*Z"}`;
          expect(answer.text).toMatch(
            new RegExp(`^{"events":\\[{"occurred":"[^"]*Z",${order}\\],"total":1,"next_page":null}$`),
          );
          texts.set(form.name, answer.text);
        },
        tag,
      );
    }
  });

  const ids = new Map<string, string>();
  function idOf(prefix: string, at: number): string {
    const key = `${prefix}.${at}.`;
    const known = ids.get(key) ?? randomUUID();
    ids.set(key, known);
    return known;
  }

  /** An event as text, the id once in capitals without dashes: it comes out lower case with dashes. */
  function textOf(name: string, fields: string): string {
    const at = Number(name.split('.').at(-2));
    const id = idOf(word, at).replaceAll('-', '').toUpperCase();
    const plain = fields.includes('"occurred"') ? '' : `"occurred":"${new Date().toISOString()}",`;
    const resource = fields.includes('"resource"') ? '' : '"resource":{"prefect.resource.id":"forms"},';
    return `{${plain}${resource}"id":"${id}","event":"${name}"${fields === '' ? '' : `,${fields}`}}`;
  }
}

function batches(target: Target): void {
  law(target, 'answers 204 with nothing else, for an empty list too', async () => {
    for (const body of [[], [eventLike({})]]) {
      const answer = await post(target, '/api/events', body);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
      expect(answer.headers['content-type']).toBeUndefined();
      expect(answer.headers['content-length']).toBeUndefined();
    }
  });

  law(target, 'takes an empty name and one of 1,024 characters', async () => {
    const resource = { 'prefect.resource.id': uniqueWord() };
    const names = ['', '😀'.repeat(1024)];
    await publish(
      target,
      names.map((event) => eventLike({ event, resource })),
    );
    const page = await untilFound(target, { resource: { id: [resource['prefect.resource.id']] } }, 2);
    expect(page.events.map(({ event }) => event).sort()).toEqual(names);
  });

  law(target, 'stores nothing of a batch with one bad event', async () => {
    const event = uniqueWord();
    const [good, bad, later] = [eventLike({ event }), eventLike({ event, id: 'nope' }), eventLike({ event })];
    const answer = await post(target, '/api/events', [good, bad]);
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.text)).toMatchObject({
      exception_detail: [{ loc: ['body', 1, 'id'] }],
      request_body: [good, bad],
    });
    await publish(target, [later]);
    const page = await untilFound(target, { event: { name: [event] } }, 1);
    expect(page.events[0]?.id).toBe(later['id']);
  });

  law(target, 'sets received to the time at which the server took the event', async () => {
    const event = uniqueWord();
    const before = Date.now();
    await publish(target, [eventLike({ event, received: '2020-01-01T00:00:00Z' })]);
    const after = Date.now();
    const page = await untilFound(target, { event: { name: [event] } }, 1);
    const received = Date.parse(page.events[0]?.received ?? '');
    expect(received).toBeGreaterThanOrEqual(before - 1);
    expect(received).toBeLessThanOrEqual(after + 1);
  });
}

function repeats(target: Target): void {
  const sendTwice = async (first: Sent, second: Sent, event: string): Promise<void> => {
    await publish(target, [first]);
    await untilFound(target, { event: { name: [event] } }, 1);
    await publish(target, [second, eventLike({ event: `${event}.after` })]);
    await untilFound(target, { event: { name: [`${event}.after`] } }, 1);
    const page = await query(target, { event: { prefix: [event] }, order: 'ASC' });
    expect(page.events.map(({ payload }) => payload)).toEqual([{ copy: 1 }, {}]);
  };

  law(target, 'keeps the first event with an id and drops the second', async () => {
    const event = uniqueWord();
    const first = eventLike({ event, payload: { copy: 1 } });
    await sendTwice(first, { ...first, payload: { copy: 2 } }, event);
  });

  law(target, 'keeps the first event also when the second occurred at another time', async () => {
    const event = uniqueWord();
    const first = eventLike({ event, payload: { copy: 1 }, occurred: new Date(Date.now() - 60_000).toISOString() });
    await sendTwice(first, { ...first, payload: { copy: 2 }, occurred: new Date().toISOString() }, event);
  });

  law(target, 'keeps the first of two with the same id in one batch', async () => {
    const event = uniqueWord();
    const first = eventLike({ event, payload: { copy: 1 } });
    await publish(target, [first, { ...first, payload: { copy: 2 } }, eventLike({ event: `${event}.after` })]);
    await untilFound(target, { event: { name: [`${event}.after`] } }, 1);
    const page = await query(target, { event: { name: [event] } });
    expect(page.events.map(({ payload }) => payload)).toEqual([{ copy: 1 }]);
  });
}

function large(target: Target): void {
  law(
    target,
    'refuses an event over 1,500,000 bytes, and all of its batch, by name',
    async () => {
      const event = uniqueWord();
      const batch = [eventLike({ event }), eventLike({ event, payload: { text: 'x'.repeat(1_500_000) } })];
      const answer = await post(target, '/api/events', batch);
      expect(answer.status).toBe(422);
      expect(JSON.parse(answer.text)).toMatchObject({
        exception_detail: [{ loc: expect.arrayContaining(['body', 1]) }],
      });
      await publish(target, [eventLike({ event })]);
      await untilFound(target, { event: { name: [event] } }, 1);
    },
    { ours: 'an event over 1,500,000 bytes is 422' },
  );

  law(target, 'keeps an event of 1,400,000 bytes', async () => {
    const event = uniqueWord();
    const payload = { text: 'x'.repeat(1_400_000) };
    await publish(target, [eventLike({ event, payload })]);
    const page = await untilFound(target, { event: { name: [event] } }, 1);
    expect(page.events[0]?.payload).toEqual(payload);
  });
}
