/**
 * Redaction on a real Sluice: what `SLUICE_REDACT` names is in no answer, frame, file, log or column, whatever way it was
 * sent in and however its keys were written, and all who look see the same text.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../src/clickhouse/store.ts';
import { cleanUp, runBare } from '../../support/bare-sluice.ts';
import { startTestEngine, testStoreOptions } from '../../support/engine.ts';
import { untilFound } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { connectSigned, subscribe } from '../../support/wire-client.ts';

const rules = 'label:user.email, label:owner,payload:token,payload:list.*.c,payload:a\\.b.c,payload:**.password';
let sluice: TestSluice;
const target = { baseUrl: () => sluice.url, strict: true };
const secret = (): string => `canary${randomUUID().replaceAll('-', '')}`;
const window = { since: '2026-01-01T00:00:00Z' };

/** Numbers are looked for by their digits. */
const digits = (): string => String(Math.random()).slice(2).padEnd(18, '7');

interface Case {
  readonly id: string;
  /** The event's text as it is sent. */
  readonly text: string;
  readonly secrets: readonly string[];
}

/** An event of many secrets, its keys written as `spell` does. */
function make(spell: (key: string) => string, blank: string): Case {
  const id = randomUUID();
  const secrets = Array.from({ length: 12 }, secret);
  const number = `9${digits()}`;
  const [email = '', owner = '', token = '', one = '', two = '', dotted = '', deep = '', top = '', listed = ''] =
    secrets;
  const [, , , , , , , , , again = '', inside = '', key = ''] = secrets;
  const k = (name: string): string => `${blank}${spell(name)}${blank}:${blank}`;
  const payload = [
    `${k('token')}{"${key}":["${token}"],"x":{"y":"${inside}"}}`,
    `${k('list')}[{${k('c')}"${one}"},{${k('c')}["${two}"]},7]`,
    `${k('a.b')}{${k('c')}"${dotted}"}`,
    `${k('password')}${number}`,
    `${k('in')}[[{${k('p')}{${k('password')}"${deep}"}}],{${k('password')}null}]`,
    `${k('out')}{${k('password')}"${top}",${k('password')}"${again}"}`,
    `${k('kept')}{${k('c')}"kept",${k('passwords')}"kept too",${k('n')}1.0}`,
    `${k('says')}"\\"password\\":\\"quoted\\""`,
  ];
  const labels = [`"prefect.resource.id":"r.${id}"`, `${k('user.email')}"${email}"`, '"region":"eu"'];
  const related = [
    `"prefect.resource.id":"o.${id}"`,
    '"prefect.resource.role":"o"',
    `${k('owner')}"${owner}${listed}"`,
  ];
  const fields = [
    `"id":"${id}","occurred":"${new Date().toISOString()}","event":"redacted.event"`,
    `"resource":{${labels.join(',')}}`,
    `"related":[{${related.join(',')}}]`,
    `"payload":{${payload.join(',')}}`,
  ];
  return { id, text: `{${fields.join(',')}}`, secrets: [...secrets, number] };
}

const plain = (key: string): string => JSON.stringify(key);
const escaped = (key: string): string =>
  `"${[...key].map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;

/** Every file below a folder as one text, byte by character. */
function filesIn(folder: string, skipped: readonly string[] = []): string {
  return readdirSync(folder)
    .filter((name) => !skipped.includes(name))
    .map((name) => join(folder, name))
    .map((path) =>
      statSync(path).isDirectory() ? filesIn(path) : statSync(path).isFile() ? readFileSync(path, 'latin1') : '',
    )
    .join('\n');
}

beforeAll(async () => {
  sluice = await startSluice({
    env: { SLUICE_REDACT: rules, SLUICE_LOG_LEVEL: 'trace', SLUICE_BACKFILL_MAX_MS: '86400000' },
  });
});
afterAll(async () => {
  await cleanUp();
  await sluice?.stop();
  removeData(sluice);
});

it('is before all that is kept, told or shown', async () => {
  const live = await subscribe(target, { occurred: window }, { backfill: false });
  await until('the subscriber is live', async () => {
    const answer = await fetch(`${sluice.url}/api/ready?verbose=1`);
    return ((await answer.json()) as { liveSubscribers: number }).liveSubscribers === 1 || undefined;
  });
  const forms = [make(plain, ''), make(plain, ' '), make(escaped, ''), make(escaped, '\n\t')];
  const [bodies, messages, large] = [forms, forms, forms].map((ones) =>
    ones.map((_, nth) => make(nth < 2 ? plain : escaped, nth % 2 === 0 ? '' : ' ')),
  );
  const clean = `{"id":"${randomUUID()}","occurred":"${new Date().toISOString()}","event":"redacted.not","resource":{"prefect.resource.id":"r"},"payload":{"kept":1.0}}`;
  expect(
    (await post(target, '/api/events', `[${(bodies ?? []).map(({ text }) => text).join(',')},${clean}]`)).status,
  ).toBe(204);
  // A body over 128 kB is judged in slices.
  const filler = Array.from({ length: 200 }, () =>
    clean.replace(/"id":"[^"]+"/, `"id":"${randomUUID()}"`).replace('1.0', `"${'x'.repeat(1000)}"`),
  );
  expect(
    (await post(target, '/api/events', `[${[...filler, ...(large ?? []).map(({ text }) => text)].join(',')}]`)).status,
  ).toBe(204);
  const producer = await connectSigned(target, '/api/events/in');
  for (const { text } of messages ?? []) producer.send(text);
  await producer.ping();
  // A repeat, a bad event and one that is too large leave nothing either.
  const bad = make(plain, '');
  expect(
    (await post(target, '/api/events', `[${bodies?.[0]?.text},${bad.text.replace('"event":', '"no":')}]`)).status,
  ).toBe(422);
  const big = make(plain, '');
  producer.send(big.text.replace('"kept too"', `"${'y'.repeat(1_600_000)}"`));
  await producer.ping();

  const cases = [...(bodies ?? []), ...(messages ?? []), ...(large ?? [])];
  const all = cases.length + filler.length + 1;
  await untilFound(target, { occurred: window }, all, 0);
  await until('all frames came', () => live.messages.length === all + 1 || undefined);
  const exported = (await post(target, '/api/events/export', { filter: { occurred: window } })).text;
  const late = await subscribe(target, { occurred: window });
  await until('all of history came', () => late.messages.length === all + 1 || undefined);
  for (const { id, text } of cases) {
    const { text: answer } = await post(target, '/api/events/filter', {
      filter: { occurred: window, id: { id: [id] } },
    });
    const raw = /^\{"events":\[(.*)\],"total":1,"next_page":null\}$/s.exec(answer)?.[1] ?? '';
    expect(JSON.parse(raw)).toMatchObject({
      resource: { 'user.email': '***', region: 'eu' },
      related: [{ owner: '***' }],
      payload: {
        token: '***',
        list: [{ c: '***' }, { c: '***' }, 7],
        'a.b': { c: '***' },
        password: '***',
        in: [[{ p: { password: '***' } }], { password: '***' }],
        out: { password: '***' },
        kept: { c: 'kept', passwords: 'kept too', n: 1 },
        says: '"password":"quoted"',
      },
    });
    expect(raw).toContain('1.0');
    expect(text).not.toContain('***');
    for (const shown of [exported, live.messages.join('\n'), late.messages.join('\n')]) expect(shown).toContain(raw);
  }
  for (const { secrets } of cases) {
    const found = await post(target, '/api/events/filter', {
      filter: { occurred: window, text: { query: secrets[0] } },
    });
    expect(found.text).toContain('"total":0');
  }
  const metrics = await (await fetch(`${sluice.url}/metrics`)).text();
  const redacted = Number(/^sluice_redacted_total (\d+)/m.exec(metrics)?.[1]);
  // Ten values of each event, the key that is there twice being one; of the one that is too large too, or none.
  expect(redacted).toBeGreaterThanOrEqual(10 * cases.length);

  const said = `${exported}${live.messages.join('\n')}${late.messages.join('\n')}${metrics}`;
  const journal = filesIn(join(sluice.dataDir, 'journal'));
  const secrets = [...cases, bad, big].flatMap((one) => one.secrets);
  expect(journal).toContain('"user.email":"***"');
  await sluice.stop();
  mkdirSync(join(sluice.dataDir, 'dead-letter'), { recursive: true });
  const kept = filesIn(sluice.dataDir, ['clickhouse', 'LOCK.socket']);
  const engine = startTestEngine(sluice.dataDir);
  const store = openStore({ ...testStoreOptions, source: engine });
  try {
    await store.whenReady(AbortSignal.timeout(90_000));
    const rows = JSON.stringify(await store.rows('SELECT * FROM events', {}));
    expect(rows).toContain('***');
    for (const one of secrets) {
      expect([said, journal, kept, sluice.output(), rows].map((text) => text.includes(one))).toEqual([
        ...[false, false, false, false, false],
      ]);
    }
  } finally {
    await store.close();
  }
});

it.each(['label:', 'payload:**', 'secret', 'payload:a..b', `payload:**.a${'.*'.repeat(20)}.b`])(
  'a start is refused with a sentence for %s',
  async (redact) => {
    const { ended, output } = runBare({ env: { SLUICE_REDACT: redact } });
    expect([await ended, output()]).toEqual([1, expect.stringContaining('SLUICE_REDACT')]);
    expect(output()).not.toContain('    at ');
  },
);
