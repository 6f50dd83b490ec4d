/**
 * Redaction on a real Sluice: what `SLUICE_REDACT` names is in no answer, frame, file, log or column, whatever way it
 * was sent in and however its keys were written, and all who look see the same text.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/clickhouse/store.ts';
import { cleanUp, runBare } from '../../support/bare-sluice.ts';
import { startTestEngine, testStoreOptions } from '../../support/engine.ts';
import { untilFound } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { connectSigned, subscribe } from '../../support/wire-client.ts';

const rules = 'label:user.email, label:owner,payload:token,payload:list.*.c,payload:a\\.b.c,payload:**.password';
const window = { since: '2026-01-01T00:00:00Z' };
let sluice: TestSluice;
const target = { baseUrl: () => sluice.url, strict: true };

interface SecretEvent {
  readonly id: string;
  /** As it is sent. */
  readonly text: string;
  readonly secrets: readonly string[];
}

type Spelling = (key: string) => string;
const plainly: Spelling = (key) => JSON.stringify(key);
const byEscapes: Spelling = (key) =>
  `"${[...key].map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;

/** An event of many secrets. */
function make(spell: Spelling = plainly, blank = ''): SecretEvent {
  const id = randomUUID();
  const secrets: string[] = [];
  const secret = (): string => {
    secrets.push(`canary${randomUUID().replaceAll('-', '')}`);
    return secrets.at(-1) ?? '';
  };
  // Looked for by its digits.
  const number = `9${String(Math.random()).slice(2).padEnd(18, '7')}`;
  const k = (name: string): string => `${blank}${spell(name)}${blank}:${blank}`;
  const payload = [
    `${k('token')}{"${secret()}":["${secret()}"],"x":{"y":"${secret()}"}}`,
    `${k('list')}[{${k('c')}"${secret()}"},{${k('c')}["${secret()}"]},7]`,
    `${k('a.b')}{${k('c')}"${secret()}"}`,
    `${k('password')}${number}`,
    `${k('in')}[[{${k('p')}{${k('password')}"${secret()}"}}],{${k('password')}null}]`,
    `${k('out')}{${k('password')}"${secret()}",${k('password')}"${secret()}"}`,
    `${k('kept')}{${k('c')}"kept",${k('passwords')}"kept too",${k('n')}1.0}`,
    `${k('says')}"\\"password\\":\\"quoted\\""`,
  ];
  const labels = [`"prefect.resource.id":"r.${id}"`, `${k('user.email')}"${secret()}"`, '"region":"eu"'];
  const related = [`"prefect.resource.id":"o.${id}"`, '"prefect.resource.role":"o"', `${k('owner')}"${secret()}"`];
  const fields = [
    `"id":"${id}","occurred":"${new Date().toISOString()}","event":"redacted.event"`,
    `"resource":{${labels.join(',')}},"related":[{${related.join(',')}}],"payload":{${payload.join(',')}}`,
  ];
  return { id, text: `{${fields.join(',')}}`, secrets: [...secrets, number] };
}

/** In what is stored of each of them. */
const redacted = {
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
};
/** The key that is there twice is one. */
const valuesOfEach = 10;

/** One of each form. */
const makeAll = (): SecretEvent[] => [make(), make(plainly, ' '), make(byEscapes), make(byEscapes, '\n\t')];

/** An event in which no rule finds anything. */
const innocent = (fill: string): string => {
  const fields = `"id":"${randomUUID()}","occurred":"${new Date().toISOString()}","event":"redacted.not"`;
  return `{${fields},"resource":{"prefect.resource.id":"r"},"payload":{"kept":"${fill}"}}`;
};

/** Every file below a folder as one text, byte by character. */
function filesIn(folder: string, skipped: readonly string[] = []): string {
  const paths = readdirSync(folder).flatMap((name) => (skipped.includes(name) ? [] : [join(folder, name)]));
  const read = (path: string): string => {
    const found = statSync(path);
    if (found.isDirectory()) return filesIn(path);
    return found.isFile() ? readFileSync(path, 'latin1') : '';
  };
  return paths.map(read).join('\n');
}

/** All columns of all rows that ClickHouse has of a stopped Sluice. */
async function columnsOf(dataDir: string): Promise<string> {
  const store = openStore({ ...testStoreOptions, source: startTestEngine(dataDir) });
  try {
    await store.whenReady(AbortSignal.timeout(90_000));
    return JSON.stringify(await store.rows('SELECT * FROM events', {}));
  } finally {
    await store.close();
  }
}

const ofEvents = (texts: readonly string[]) => post(target, '/api/events', `[${texts.join(',')}]`);
const textsOf = (events: readonly SecretEvent[]): string[] => events.map(({ text }) => text);

describe('redaction', () => {
  const [inBodies, inMessages, inSlices] = [makeAll(), makeAll(), makeAll()];
  const [bad, tooLarge] = [make(), make()];
  const stored = [...inBodies, ...inMessages, ...inSlices];
  /** A body over 128 kB is judged in slices. */
  const fillers = Array.from({ length: 200 }, () => innocent('x'.repeat(1_000)));
  const all = stored.length + fillers.length + 1;
  /** All that anybody was shown. */
  const shown: string[] = [];

  beforeAll(async () => {
    const env = { SLUICE_REDACT: rules, SLUICE_LOG_LEVEL: 'trace', SLUICE_BACKFILL_MAX_MS: '86400000' };
    sluice = await startSluice({ env });
    const live = await subscribe(target, { occurred: window }, { backfill: false });
    await until('the subscriber is live', async () => {
      const answer = await fetch(`${sluice.url}/api/ready?verbose=1`);
      return ((await answer.json()) as { liveSubscribers: number }).liveSubscribers === 1 || undefined;
    });
    expect((await ofEvents([...textsOf(inBodies), innocent('y')])).status).toBe(204);
    expect((await ofEvents([...fillers, ...textsOf(inSlices)])).status).toBe(204);
    const producer = await connectSigned(target, '/api/events/in');
    for (const text of textsOf(inMessages)) producer.send(text);
    // A repeat, a bad event and one that is too large leave nothing either.
    producer.send(inBodies[0]?.text ?? '');
    producer.send(tooLarge.text.replace('"kept too"', `"${'y'.repeat(1_600_000)}"`));
    await producer.ping();
    expect((await ofEvents([inBodies[0]?.text ?? '', bad.text.replace('"event":', '"no":')])).status).toBe(422);
    await untilFound(target, { occurred: window }, all, 0);
    const late = await subscribe(target, { occurred: window });
    for (const follower of [live, late]) {
      await until('all have come', () => follower.messages.length === all + 1 || undefined);
      shown.push(follower.messages.join('\n'));
    }
    shown.push((await post(target, '/api/events/export', { filter: { occurred: window } })).text);
  });
  afterAll(async () => {
    await cleanUp();
    await sluice?.stop();
    removeData(sluice);
  });

  it('is before live events, history, answers and exports, which all show one text', async () => {
    for (const { id } of stored) {
      const filter = { occurred: window, id: { id: [id] } };
      const { text: answer } = await post(target, '/api/events/filter', { filter });
      const raw = /^\{"events":\[(.*)\],"total":1,"next_page":null\}$/s.exec(answer)?.[1] ?? '';
      expect(JSON.parse(raw)).toMatchObject(redacted);
      expect(raw).toContain('"n":1.0');
      for (const text of shown) expect(text).toContain(raw);
    }
  });

  it('leaves nothing to search for, and is counted', async () => {
    for (const { secrets } of stored) {
      const filter = { occurred: window, text: { query: secrets[0] } };
      expect((await post(target, '/api/events/filter', { filter })).text).toContain('"total":0');
    }
    const metrics = await (await fetch(`${sluice.url}/metrics`)).text();
    // That of the repeat too.
    const values = valuesOfEach * (stored.length + 1);
    expect(Number(/^sluice_redacted_total (\d+)/m.exec(metrics)?.[1])).toBe(values);
  });

  it('is before all that is written: no file, log or column has what was redacted', async () => {
    // While it runs the journal has it all; stopped, ClickHouse does.
    const journal = filesIn(join(sluice.dataDir, 'journal'));
    expect(journal).toContain('"user.email":"***"');
    await sluice.stop();
    const files = filesIn(sluice.dataDir, ['clickhouse']);
    const columns = await columnsOf(sluice.dataDir);
    expect(columns).toContain('***');
    const places = { shown: shown.join('\n'), journal, files, log: sluice.output(), columns };
    for (const secret of [...stored, bad, tooLarge].flatMap(({ secrets }) => secrets)) {
      const found = Object.entries(places).flatMap(([place, text]) => (text.includes(secret) ? [place] : []));
      expect(found).toEqual([]);
    }
  });
});

it.each(['label:', 'payload:**', 'secret', 'payload:a..b', `payload:**.a${'.*'.repeat(20)}.b`])(
  'a start is refused with a sentence for %s',
  async (redact) => {
    const { ended, output } = runBare({ env: { SLUICE_REDACT: redact } });
    expect([await ended, output()]).toEqual([1, expect.stringContaining('SLUICE_REDACT')]);
    expect(output()).not.toContain('    at ');
  },
);
