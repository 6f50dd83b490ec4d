/**
 * I14 and I3 together: one whose reads have a forced filter pages, exports, follows and resumes while Sluice is killed
 * again and again. It never sees an event that the filter leaves out, and misses none that it does not.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authMessage, filterMessage, type OutFrame } from '../../schemas/wire.ts';
import { eventLike, type Page, untilFound } from '../../support/events.ts';
import { type Answer, send } from '../../support/http.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { randomFrom } from '../../support/random.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { connect } from '../../support/wire-client.ts';
import { testSeed as seed } from '../seed.ts';

const authString = 'me:secret';
const env = { SLUICE_AUTH_STRING: authString, SLUICE_FLUSH_MS: '30' };
const window = { since: new Date(Date.now() - 60_000).toISOString() };
const kills = 6;
const batch = 20;
const asOwner = { authorization: `Basic ${Buffer.from(authString).toString('base64')}` };

let sluice: TestSluice;
let asTenant = {};
let isOver = false;
let isSending = true;
const target = { baseUrl: () => sluice.url, strict: true, authString };
/** Ids that were acknowledged. */
const acknowledged: Record<'a' | 'b', Set<string>> = { a: new Set(), b: new Set() };
const json = { 'content-type': 'application/json' };

/** Undefined while nobody answers. */
function attempt(path: string, headers: object, body?: unknown): Promise<Answer | undefined> {
  const sending = { path, signed: false, headers: { ...json, ...headers } };
  const asked = body === undefined ? sending : { ...sending, method: 'POST', body: JSON.stringify(body) };
  return send(target, asked).catch(() => undefined);
}

/** The same until it is answered with 200 or 204. */
function insist(path: string, headers: object, body?: unknown): Promise<Answer> {
  return until(`${path} is answered`, async () => {
    const answer = await attempt(path, headers, body);
    if (answer === undefined || answer.status === 503) return undefined;
    if (answer.status >= 300) throw new Error(`${path} was answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    return answer;
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function produce(): Promise<void> {
  while (isSending && !isOver) {
    const sent = Array.from({ length: batch }, (_, nth) => ({
      id: randomUUID(),
      tenant: (['a', 'b'] as const)[nth % 2]!,
    }));
    const events = sent.map(({ id, tenant }) =>
      eventLike({ id, event: 'kept', resource: { 'prefect.resource.id': 'thing', tenant } }),
    );
    await insist('/api/events', asOwner, events);
    for (const { id, tenant } of sent) acknowledged[tenant].add(id);
    await pause(60);
  }
}

/** One subscriber over all lives: it goes on behind what it had. */
class Follower {
  readonly ids: string[] = [];
  resumes = 0;
  #place: { token: string; position: string | number } | null = null;
  #token = '';

  async run(): Promise<void> {
    while (!isOver) {
      const socket = await connect(target, '/api/events/out').catch(() => null);
      if (socket === null) continue;
      socket.send(authMessage((asTenant as { authorization: string }).authorization.slice('Bearer '.length)));
      socket.onMessage = (message) => this.#take(JSON.parse(message) as OutFrame); // Sluice's own frames
      const resume = this.#place === null ? {} : { resume: this.#place };
      if (this.#place !== null) this.resumes += 1;
      socket.send(filterMessage({ occurred: window }, { positions: true, ...resume }));
      await Promise.race([socket.closed, until('all is over', () => isOver || undefined, 120_000)]);
      socket.drop();
    }
  }

  #take(frame: OutFrame): void {
    if (frame.type === 'gap') throw new Error('A place was not found again');
    if (frame.type === 'token') this.#token = frame.token;
    if (frame.type === 'event') this.ids.push(frame.event.id);
    if ('position' in frame && frame.position != null) this.#place = { token: this.#token, position: frame.position };
  }
}

const idsIn = (text: string): string[] => lines(text).map(({ id }) => id);
const lines = (text: string) =>
  text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { id: string; occurred: string }); // as stored

/** All pages of one question, over however many lives. */
async function readPages(): Promise<{ ids: string[]; total: number }> {
  let page = JSON.parse(
    (await insist('/api/events/filter', asTenant, { filter: { occurred: window }, limit: 50 })).text,
  ) as Page;
  const ids = page.events.map(({ id }) => id);
  const { total } = page;
  while (page.next_page !== null) {
    const next = new URL(page.next_page);
    page = JSON.parse((await insist(`${next.pathname}${next.search}`, asTenant)).text) as Page;
    ids.push(...page.events.map(({ id }) => id));
    expect(page.total).toBe(total);
  }
  return { ids, total };
}

/** One export, that goes on where it broke off. */
async function exportAll(): Promise<string[]> {
  const ids: string[] = [];
  let body: object = { filter: { occurred: window } };
  for (;;) {
    const answer = await fetch(`${sluice.url}/api/events/export`, {
      method: 'POST',
      headers: { ...json, ...asTenant },
      body: JSON.stringify(body),
    }).catch(() => null);
    if (answer?.status !== 200) {
      expect([undefined, 503]).toContain(answer?.status);
      continue;
    }
    const { text, isWhole } = await readBody(answer);
    ids.push(...idsIn(text));
    const last = lines(text).at(-1);
    if (isWhole) return ids;
    const token = answer.headers.get('sluice-export-token');
    if (last !== undefined) body = { token, after: { occurred: last.occurred, id: last.id } };
  }
}

async function readBody(answer: Response): Promise<{ text: string; isWhole: boolean }> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of answer.body ?? []) parts.push(part);
    return { text: Buffer.concat(parts).toString('utf8'), isWhole: true };
  } catch {
    return { text: Buffer.concat(parts).toString('utf8'), isWhole: false };
  }
}

const sorted = (ids: Iterable<string>): string[] => [...ids].sort();

describe('a forced filter, while Sluice is killed', () => {
  beforeAll(async () => {
    sluice = await startSluice({ env });
    const words = ['token', 'create', '--name', 'a', '--read', '--filter', '{"resource":{"labels":{"tenant":["a"]}}}'];
    const token = execFileSync(process.execPath, ['dist/src/main.js', ...words], {
      ...{ cwd: repositoryRoot(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      env: { ...process.env, SLUICE_DATA_DIR: sluice.dataDir },
    });
    asTenant = { authorization: `Bearer ${token.trim()}` };
    await until('the token holds', async () => (await attempt('/api/version', asTenant))?.status === 200 || undefined);
  }, 150_000);
  afterAll(async () => {
    isOver = true;
    await sluice?.stop();
    removeData(sluice);
  });

  it(`shows nothing outside of it, and all inside, over ${kills} kills`, async () => {
    const random = randomFrom(seed);
    const follower = new Follower();
    const producing = Promise.all([produce(), produce()]);
    const following = follower.run();
    const seen: string[][] = [];
    const reading = (async () => {
      while (!isOver) {
        const { ids, total } = await readPages();
        expect(ids).toHaveLength(total);
        seen.push(ids, await exportAll());
      }
    })();
    for (let nth = 0; nth < kills; nth += 1) {
      await pause(300 + 900 * random());
      await sluice.kill();
      sluice = await startSluice({ env, dataDir: sluice.dataDir, port: Number(new URL(sluice.url).port) });
    }
    isSending = false;
    await producing;
    const settled = new Set<string>();
    await until('the follower has all', () => {
      for (const id of follower.ids) settled.add(id);
      return [...acknowledged.a].every((id) => settled.has(id)) || undefined;
    });
    isOver = true;
    await Promise.all([following, reading]);
    await untilFound(target, { occurred: window }, acknowledged.a.size + acknowledged.b.size);

    const wanted = sorted(acknowledged.a);
    expect([`seed ${seed}`, sorted((await readPages()).ids)]).toEqual([`seed ${seed}`, wanted]);
    expect(sorted(await exportAll())).toEqual(wanted);
    // The follower may have been cut off with the last ones on their way; it has none twice, and none of the other's.
    expect(follower.ids).toHaveLength(new Set(follower.ids).size);
    for (const ids of [...seen, follower.ids]) {
      expect(ids).toHaveLength(new Set(ids).size);
      expect(ids.filter((id) => !acknowledged.a.has(id))).toEqual([]);
    }
    expect([follower.resumes >= kills, seen.length > 2, wanted.length > 100]).toEqual([true, true, true]);
  }, 600_000);
});
