/**
 * Bad and odd input on the running process: each piece gets its documented status or close code, or is kept as it was
 * sent; a producer and a subscriber beside it notice nothing (I2, I4).
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authMessage } from '../../schemas/wire.ts';
import { type Bystanders, edgeOf, startBystanders } from '../../support/bystanders.ts';
import { eventLike, publish, query, untilFound } from '../../support/events.ts';
import { type Answer, post, send } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { openRaw, textFrame, upgradeHead } from '../../support/raw-socket.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { connectSigned, subscribe } from '../../support/wire-client.ts';

const frameBytesMax = 2_000_000;
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** The text of an event with this text as one of its fields. */
function textWith(field: string, text: string, id: string = randomUUID(), event = 'bad.input'): string {
  return JSON.stringify(eventLike({ id, event, [field]: 'HERE' })).replace('"HERE"', text);
}

describe('bad input', () => {
  let sluice: TestSluice;
  let bystanders: Bystanders;
  const target = { baseUrl: () => sluice.url, strict: true };

  beforeAll(async () => {
    sluice = await startSluice({
      env: { SLUICE_FRAME_BYTES_MAX: String(frameBytesMax), SLUICE_BODY_BYTES_MAX: String(2 ** 24) },
    });
    bystanders = await startBystanders(target);
  });
  afterAll(async () => {
    await sluice?.stop();
    removeData(sluice);
  });

  const postBytes = (path: string, body: Buffer): Promise<Answer> =>
    send(target, { method: 'POST', path, headers: { 'content-type': 'application/json' }, body });
  const issueOf = (answer: Answer): { type: string; loc: unknown; msg: string } =>
    JSON.parse(answer.text).exception_detail[0];
  const rawOf = async (id: string): Promise<string> =>
    (await post(target, '/api/events/filter', { filter: { id: { id: [id] } } })).text;

  it('that is not UTF-8 is 400 in a body, and breaks off a WebSocket', async () => {
    const bytes = Buffer.from(`[${textWith('payload', '{"a":"?"}')}]`);
    bytes[bytes.indexOf('?')] = 0xff;
    for (const [path, body] of [
      ['', bytes],
      ['/filter', Buffer.from([0x7b, 0xff, 0x7d])],
    ] as const) {
      const answer = await postBytes(`/api/events${path}`, body);
      expect([answer.status, answer.text]).toEqual([400, '{"detail":"There was an error parsing the body"}']);
    }
    for (const path of ['/api/events/in', '/api/events/out']) {
      const socket = await openRaw(target, upgradeHead(path));
      await until('it is upgraded', () => socket.received().includes(' 101 ') || undefined);
      socket.socket.write(textFrame(authMessage()));
      await until('it is in', () => socket.received().includes('auth_success') || undefined);
      socket.socket.write(textFrame(bytes));
      expect((await socket.untilClosed()).split('auth_success"}')[1]).toBe('');
    }
  });

  it('of 1,100 levels is refused by its reason, everywhere', async () => {
    const payload = `{"a":${deep(1_100)}}`;
    const answer = await post(target, '/api/events', `[${textWith('payload', payload)}]`);
    const msg = 'Value error, The payload must not be nested deeper than 1000 levels';
    expect([answer.status, issueOf(answer)]).toMatchObject([422, { loc: ['body', 0, 'payload'], msg }]);
    expect((await post(target, '/api/events', deep(1_100))).status).toBe(422);
    expect((await post(target, '/api/events', deep(1_000_000))).status).toBe(422);
    for (const path of ['filter', 'count-by/event']) {
      for (const levels of [1_100, 500_000]) {
        expect((await post(target, `/api/events/${path}`, `{"filter":${deep(levels)}}`)).status).toBe(422);
      }
    }
    const producer = await connectSigned(target, '/api/events/in');
    producer.send(textWith('payload', payload));
    expect(await producer.untilClosed()).toEqual({ code: 1008, reason: `payload: ${msg}` });
    const subscriber = await connectSigned(target, '/api/events/out');
    subscriber.send(`{"type":"filter","filter":${deep(1_100)}}`);
    expect((await subscriber.untilClosed()).code).toBe(1002);
  });

  it('that is odd but JSON is kept as it was sent, live and stored, and can be found', async () => {
    const payload =
      '{"b":1,"10":123456789012345678901234567890,"2":1e400,"b":-1E-400,"1":{"z":0.10,"0":-0.0},"__proto__":1}';
    const kept = '{"b":-1E-400,"10":123456789012345678901234567890,"2":1e400,"1":{"z":0.10,"0":-0.0},"__proto__":1}';
    const labels = '{"b":"first","7":"seven","prefect.resource.id":"odd","3":"three","b":"last"}';
    const keptLabels = '{"b":"last","7":"seven","prefect.resource.id":"odd","3":"three"}';
    const live = await subscribe(target, { resource: { labels: { b: 'last', 7: 'seven', 3: 'thr*' } } });
    await until('it is live', async () => (await edgeOf(target)).liveSubscribers >= 2 || undefined);
    const ids = [randomUUID(), randomUUID()] as const;
    const [posted, socketed] = ids.map((id) => textWith('payload', payload, id).replace(/\{"prefect[^}]*\}/, labels));
    expect((await post(target, '/api/events', `[${posted}]`)).status).toBe(204);
    const producer = await connectSigned(target, '/api/events/in');
    producer.send(socketed!);
    await producer.ping();
    await until('both came live', () => live.messages.length === 3 || undefined);
    for (const each of [{ labels: { b: ['last'] } }, { labels: { 7: 'seven' } }]) {
      await untilFound(target, { resource: each }, 2);
    }
    await untilFound(target, { text: { query: '123456789012345678901234567890' } }, 2);
    for (const [at, id] of ids.entries()) {
      for (const text of [live.messages[at + 1], await rawOf(id)]) {
        expect(text).toContain(`"payload":${kept}`);
        expect(text).toContain(`"resource":${keptLabels}`);
      }
    }
    expect((await query(target, { resource: { labels: { b: ['first'] } } })).total).toBe(0);
    producer.drop();
    live.drop();
  });

  it('of a million labels is 422', async () => {
    const labels = Array.from({ length: 1_000_000 }, (_, at) => `"${at}":"v"`).join(',');
    const answer = await post(target, '/api/events', `[${textWith('resource', `{${labels}}`)}]`);
    expect(answer.status).toBe(422);
    expect(issueOf(answer).msg).toContain('is larger than 1500000 bytes as JSON');
    const fewer = labels.slice(0, 1_000_000);
    const refused = await post(
      target,
      '/api/events',
      `[${textWith('resource', `{${fewer.slice(0, fewer.lastIndexOf(','))}}`)}]`,
    );
    expect([refused.status, issueOf(refused).msg]).toEqual([
      422,
      'Value error, The maximum number of labels per resource is 500',
    ]);
  });

  it(
    'of over 1,500,000 bytes is named by POST, which stores nothing, and passed over on /in, ' + 'which goes on',
    async () => {
      const [large, small, later] = [randomUUID(), randomUUID(), randomUUID()];
      const payload = JSON.stringify({ pad: 'x'.repeat(1_500_000) });
      const answer = await post(
        target,
        '/api/events',
        `[${textWith('event', '"s"', small)},${textWith('payload', payload, large)}]`,
      );
      expect([answer.status, issueOf(answer).msg]).toEqual([
        422,
        `Value error, The event ${large} is larger than 1500000 bytes as JSON`,
      ]);
      const { skipped } = (await edgeOf(target)).books;
      const producer = await connectSigned(target, '/api/events/in');
      producer.send(textWith('payload', payload, large));
      producer.send(textWith('payload', '{}', later));
      await producer.ping();
      await untilFound(target, { id: { id: [large, small, later] } }, 1);
      expect((await edgeOf(target)).books['skipped']).toBe(skipped! + 1);
      producer.drop();
    },
  );

  it('in a frame over SLUICE_FRAME_BYTES_MAX breaks off its connection, after all before it is kept', async () => {
    const id = randomUUID();
    const producer = await connectSigned(target, '/api/events/in');
    producer.send(textWith('payload', '{}', id));
    producer.send('x'.repeat(frameBytesMax + 1));
    expect((await producer.untilClosed()).code).toBe(1006);
    await untilFound(target, { id: { id: [id] } }, 1);
    const subscriber = await connectSigned(target, '/api/events/out');
    subscriber.send('x'.repeat(frameBytesMax + 1));
    expect((await subscriber.untilClosed()).code).toBe(1006);
  });

  it('with a clock far off is stored and found by its time', async () => {
    const times = [
      '0001-01-01T00:00:00Z',
      '1969-12-31T23:59:59.999999Z',
      '2299-12-31T00:00:00Z',
      '9999-12-31T23:59:59.999999Z',
    ];
    const sent = times.map((occurred) => eventLike({ occurred, event: 'skewed', id: randomUUID() }));
    await publish(target, sent);
    const always = { since: times[0], until: times[3] };
    const page = await untilFound(target, { event: { name: ['skewed'] }, occurred: always, order: 'ASC' }, 4);
    expect(page.events.map(({ occurred }) => occurred)).toEqual(times);
    for (const [at, time] of times.entries()) {
      const { events } = await query(target, { event: { name: ['skewed'] }, occurred: { since: time, until: time } });
      expect(events.map(({ id }) => id)).toEqual([sent[at]?.['id']]);
    }
    const answer = await post(target, '/api/events', [eventLike({ occurred: '10000-01-01T00:00:00Z' })]);
    expect([answer.status, issueOf(answer).type]).toEqual([422, 'value_error']);
  });

  it('of a filter of 1 MB is answered in time: by its events, or by its error', async () => {
    const id = randomUUID();
    await publish(target, [eventLike({ id, event: 'large.filter' })]);
    await untilFound(target, { id: { id: [id] } }, 1);
    const names = Array.from({ length: 45_000 }, (_, at) => `no.such.name.${at}`);
    const ids = [...Array.from({ length: 25_000 }, () => randomUUID()), id];
    for (const filter of [{ event: { name: [...names, 'large.filter'] } }, { id: { id: ids } }]) {
      const answer = await post(target, '/api/events/filter', { filter });
      expect([answer.status, JSON.parse(answer.text).total]).toEqual([200, 1]);
    }
    const overMax = await post(target, '/api/events/filter', { filter: { id: { id: [...ids, ...ids] } } });
    expect([overMax.status, overMax.text]).toEqual([
      413,
      '{"exception_message":"The body is larger than 1048576 bytes."}',
    ]);
    const tooLong = await post(target, '/api/events/filter', { filter: { text: { query: 'x'.repeat(1_000_000) } } });
    expect([tooLong.status, issueOf(tooLong).type]).toEqual([422, 'string_too_long']);
    const subscriber = await subscribe(target, { id: { id: ids } });
    expect(await subscriber.next()).toContain(`"id":"${id}"`);
    subscriber.drop();
  });

  it('harms nobody: the producer and the subscriber beside it lost nothing and saw no error', async () => {
    const { sent, slowestMs } = await bystanders.finish();
    console.log(`bystanders of bad input: ${sent} events, slowest answer ${Math.round(slowestMs)} ms`);
    expect(sent).toBeGreaterThan(10);
  });
});
