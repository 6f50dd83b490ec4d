/**
 * The same events sent to Sluice and to the real Prefect, and the same random filters asked of both: each must find the
 * same ids. Left out are filters of what docs/PROTOCOL.md lists as different: case, `%` and `_`, text beyond ASCII, and
 * text that stands in names of labels or in JSON syntax, which Prefect's stored search reads too.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { parseTextQuery } from '../../src/filter/text.ts';
import { installPrefect, launchPrefect } from '../../support/peers/prefect.ts';
import type { ServerProcess } from '../../support/peers/server-process.ts';
import { launchSluice, repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { filterFrom, sampleEvents } from './arbitraries.ts';

/** Of so many, those are taken that hold nothing of what the two differ in. */
const sampled = 20_000;
const eventCount = 120;
const storedMs = 60_000;
const occurred = { since: '2026-11-19T00:00:00Z', until: '2026-11-23T00:00:00Z' };
/** What the two may differ in stands in a value: keys of a filter have underscores of their own. */
const unlike = /[%_\\A-Z]|[^\x20-\x7e]/;

interface Answer {
  readonly status: number;
  readonly ids: readonly string[];
}

export async function agreeWithPrefect(filters: number, seed: number): Promise<boolean> {
  const root = repositoryRoot();
  const install = await installPrefect(root);
  if (!install.found) throw new Error(install.sentence);
  const events = sampleEvents(sampled, seed)
    .filter(({ body }) => !unlike.test(valuesOf(body)) && body.occurred.startsWith('2026'))
    .slice(0, eventCount);
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-agree-'));
  const sluice = await launchSluice({ root, dataDir, env: { SLUICE_LOG_LEVEL: 'warn' } });
  try {
    const prefect = await launchPrefect(install);
    try {
      return await compare(sluice, prefect, events, filters, seed);
    } finally {
      await prefect.stop();
    }
  } finally {
    await sluice.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

async function compare(
  sluice: ServerProcess,
  prefect: ServerProcess,
  events: readonly StoredEvent[],
  filters: number,
  seed: number,
): Promise<boolean> {
  for (const { url } of [sluice, prefect]) {
    await send(url, events);
    await until(
      'all events are stored',
      async () => (await find(url, { occurred })).ids.length === events.length || undefined,
      storedMs,
    );
  }
  const differing: object[] = [];
  let asked = 0;
  let telling = 0;
  const drawn = fc.sample(filterFrom(events), { numRuns: filters * 8, seed });
  for (const sent of drawn) {
    if (asked === filters) break;
    const filter = { ...sent, occurred };
    if (unlike.test(valuesOf(filter)) || isInSyntax(sent, events)) continue;
    const [ours, theirs] = [await find(sluice.url, filter), await find(prefect.url, filter)];
    asked += 1;
    if (ours.ids.length > 0 && ours.ids.length < events.length) telling += 1;
    if (ours.status === theirs.status && ours.ids.join() === theirs.ids.join()) continue;
    differing.push({ filter, ours: sizes(ours), theirs: sizes(theirs), example: exampleOf(events, ours, theirs) });
  }
  process.stdout.write(
    `${JSON.stringify({ seed, filters: asked, events: events.length, someButNotAll: telling, differing }, null, 2)}\n`,
  );
  return differing.length === 0 && asked === filters;
}

async function send(url: string, events: readonly StoredEvent[]): Promise<void> {
  const body = `[${events.map(({ body: { follows: _, ...event } }) => JSON.stringify(event)).join(',')}]`;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/api/events`, { method: 'POST', headers, body });
  if (answer.status !== 204) throw new Error(`${url} refused the events: ${(await answer.text()).slice(0, 500)}`);
}

/** All pages of a filter, as sorted ids. */
async function find(url: string, filter: object): Promise<Answer> {
  const ids: string[] = [];
  const headers = { 'content-type': 'application/json' };
  let answer = await fetch(`${url}/api/events/filter`, { method: 'POST', headers, body: JSON.stringify({ filter }) });
  for (;;) {
    if (answer.status !== 200) return { status: answer.status, ids: [] };
    const page = (await answer.json()) as { events: { id: string }[]; next_page: string | null }; // the API's answer
    ids.push(...page.events.map(({ id }) => id));
    if (page.next_page === null) return { status: 200, ids: ids.toSorted() };
    answer = await fetch(page.next_page);
  }
}

/** Whether a text query asks for what Prefect finds in the stored JSON beyond the searched values. */
function isInSyntax({ text }: Record<string, unknown>, events: readonly StoredEvent[]): boolean {
  const { query = '' } = (text ?? {}) as { query?: string }; // as filterFrom makes it
  const terms = parseTextQuery(query);
  if (terms === null) return false;
  const names = events.flatMap(({ body }) => [body.resource, ...body.related].flatMap((labels) => Object.keys(labels)));
  return [...terms.include, ...terms.required, ...terms.exclude].some(
    (term) => /[{}[\]":,]/.test(term) || /^\s|\s$/.test(term) || names.some((name) => name.includes(term)),
  );
}

/** All strings that are values, and keys of labels and payloads, one after the other. */
function valuesOf(part: unknown): string {
  if (typeof part === 'string') return `${part} `;
  if (typeof part !== 'object' || part === null) return '';
  return Object.entries(part)
    .map(([key, value]) => (filterKeys.has(key) || Array.isArray(part) ? '' : `${key} `) + valuesOf(value))
    .join('')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '');
}

const filterKeys = new Set(['exclude_prefix', 'exclude_name', 'id_prefix', 'any_resource', 'resources_in_roles']);

function sizes({ status, ids }: Answer): object {
  return { status, found: ids.length };
}

function exampleOf(events: readonly StoredEvent[], ours: Answer, theirs: Answer): unknown {
  const odd = events.find(({ body: { id } }) => ours.ids.includes(id) !== theirs.ids.includes(id));
  return odd === undefined ? null : JSON.parse(odd.raw);
}
