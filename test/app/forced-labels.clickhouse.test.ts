/**
 * Forced labels on a real Sluice: by every way in, over kill -9, and where only ClickHouse knows the id.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authMessage } from '../../schemas/wire.ts';
import { runCommand } from '../../support/command-line.ts';
import { eventLike, query, type Sent, untilFound } from '../../support/events.ts';
import { type Answer, send } from '../../support/http.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { ago, far } from '../../support/subscriber.ts';
import { connect, type WireClient } from '../../support/wire-client.ts';

const authString = 'me:secret';
const hour = 3_600_000;
const idsMax = 1000;
const env = { SLUICE_AUTH_STRING: authString, SLUICE_ID_WINDOW_IDS_MAX: String(idsMax), SLUICE_FLUSH_MS: '50' };
const window = { since: ago(24 * hour), until: far };
const owner = { baseUrl: () => sluice.url, strict: true, authString };
const secrets = new Map<string, string>();
let sluice: TestSluice;

async function command(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/src/main.js', ...words], {
    cwd: repositoryRoot(),
    env: { ...process.env, SLUICE_DATA_DIR: sluice.dataDir },
  });
  return stdout.trim();
}

function post(name: string, events: readonly Sent[]): Promise<Answer> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secrets.get(name)}` };
  return send(owner, { method: 'POST', path: '/api/events', signed: false, headers, body: JSON.stringify(events) });
}

async function producer(name: string, rejects = false): Promise<WireClient> {
  const socket = await connect(owner, '/api/events/in', {});
  socket.send(authMessage(secrets.get(name), rejects));
  await socket.next();
  return socket;
}

const ofTenant = (event: string, tenant: string, id: string = randomUUID()): Sent =>
  eventLike({ id, event, resource: { 'prefect.resource.id': 'thing', tenant } });

async function tenantsOf(event: string, count: number): Promise<(string | undefined)[]> {
  const { events } = await untilFound(owner, { occurred: window, event: { name: [event] } }, count);
  return events.map(({ resource }) => resource['tenant']);
}

async function metric(name: string): Promise<number> {
  const { text } = await send(owner, { path: '/metrics' });
  return Number(new RegExp(`^sluice_${name} (\\d+)`, 'm').exec(text)?.[1]);
}

beforeAll(async () => {
  sluice = await startSluice({ env });
  for (const tenant of ['a', 'b']) {
    const words = ['--name', tenant, '--write', '--label', `tenant=${tenant}`];
    secrets.set(tenant, await command('token', 'create', ...words));
  }
  await until('the tokens hold', async () => (await post('b', [])).status === 204 || undefined);
}, 150_000);
afterAll(async () => {
  await sluice?.stop();
  removeData(sluice);
});

describe('a token with a forced label', () => {
  it('sets it on what comes by POST, by /in and by import, whatever was written there', async () => {
    const before = await metric('labels_replaced_total');
    expect((await post('a', [ofTenant('set.post', 'b'), ofTenant('set.post', 'a')])).status).toBe(204);
    const socket = await producer('a');
    socket.send(JSON.stringify(ofTenant('set.in', 'b')));
    await socket.ping();
    void socket.close();
    const file = join(tmpdir(), `sluice-import-${randomUUID()}.ndjson`);
    writeFileSync(file, `${JSON.stringify(ofTenant('set.import', 'b'))}\n`);
    const importing = { SLUICE_URL: sluice.url, SLUICE_TOKEN: secrets.get('a') ?? '' };
    expect(await runCommand(['import', file], { env: importing })).toMatchObject({ code: 0 });
    rmSync(file);
    // A body that is judged in slices.
    const large = Array.from({ length: 400 }, () => ({
      ...ofTenant('set.large', 'b'),
      payload: { x: 'y'.repeat(400) },
    }));
    expect((await post('a', large)).status).toBe(204);
    expect(await tenantsOf('set.post', 2)).toEqual(['a', 'a']);
    expect(await tenantsOf('set.in', 1)).toEqual(['a']);
    expect(await tenantsOf('set.import', 1)).toEqual(['a']);
    expect(new Set(await tenantsOf('set.large', 400))).toEqual(new Set(['a']));
    expect((await metric('labels_replaced_total')) - before).toBe(403);
  });

  it("is refused another one's id by name, also after kill -9, and its own is a repeat", async () => {
    const id = randomUUID();
    expect((await post('a', [ofTenant('taken', 'a', id)])).status).toBe(204);
    for (const life of ['first', 'second']) {
      const refused = await post('b', [ofTenant('taken', 'b'), ofTenant('taken', 'b', id)]);
      expect([life, refused.status, refused.text]).toEqual([life, 409, expect.stringContaining(`id taken: ${id}`)]);
      const told = await producer('b', true);
      // Of other bytes than before: those that were refused once are passed over.
      told.send(JSON.stringify(ofTenant('taken', life, id)));
      expect(JSON.parse(await told.next())).toMatchObject({ type: 'reject', failure: 'idTaken' });
      void told.close();
      const closed = await producer('b');
      closed.send(JSON.stringify(ofTenant('taken', `again ${life}`, id)));
      expect(await closed.ending()).toBe(`1008 id taken: ${id} was first stored under another label`);
      expect((await post('a', [ofTenant('taken', 'c', id)])).status).toBe(204);
      expect(await tenantsOf('taken', 1)).toEqual(['a']);
      if (life === 'second') break;
      await sluice.kill();
      sluice = await startSluice({ dataDir: sluice.dataDir, env });
    }
  });

  it('is looked up with its label once the id has left the window: kept for people, not dropped as a repeat', async () => {
    const id = randomUUID();
    const old = { occurred: ago(2 * hour) };
    expect((await post('a', [{ ...ofTenant('old', 'a', id), ...old }])).status).toBe(204);
    await tenantsOf('old', 1);
    for (let sent = 0; sent < 2 * idsMax; sent += 500) {
      await post(
        'a',
        Array.from({ length: 500 }, () => eventLike({ event: 'filler' })),
      );
    }
    await untilFound(owner, { occurred: window, event: { name: ['filler'] } }, 2 * idsMax);
    // After a start the window holds the newest ids up to its bound.
    await sluice.stop();
    sluice = await startSluice({ dataDir: sluice.dataDir, env });
    expect((await post('b', [{ ...ofTenant('old', 'b', id), ...old }])).status).toBe(204);
    await until('it is settled', async () => (await metric('events_parked_id_taken_total')) === 1 || undefined);
    expect((await post('a', [{ ...ofTenant('old', 'a', id), ...old }])).status).toBe(204);
    await until('the repeat is', async () => (await metric('events_parked_deduped_total')) === 1 || undefined);
    expect(await tenantsOf('old', 1)).toEqual(['a']);
    const [line, sum] = (await command('dead-letter')).split('\n');
    expect([line, sum]).toEqual([
      expect.stringMatching(new RegExp(`^id ${id}  since .*  id taken$`)),
      "1 events are kept for people: their ids are another label's.",
    ]);
    expect((await query(owner, { occurred: window, id: { id: [id] } })).total).toBe(1);
  }, 150_000);
});
