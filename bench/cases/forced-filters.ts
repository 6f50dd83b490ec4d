/**
 * What a forced filter costs: an event that is matched live, in this process, and pages and counts of a real server,
 * asked with the filter forced and with the same filter as the asker's own, in turns.
 */
import { execFileSync } from 'node:child_process';
import { Agent, request } from 'undici';
import type { Filter } from '../../schemas/filter.ts';
import { readForcedFilter } from '../../src/access/forced-filter.ts';
import { LoggedEvent } from '../../src/event-log/logged-event.ts';
import { PlainReader } from '../../src/event-text/plain-event.ts';
import { FilterIndex } from '../../src/filter/filter-index.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';
import { EventTemplate } from '../load/event-template.ts';
import { type FilterKind, filterOf } from '../load/filters.ts';
import { startLoad } from '../load/load-maker.ts';
import type { PostReport } from '../load/post.ts';
import { medianAndInterval } from '../median-interval.ts';
import { cpuSince } from '../stages/stage-parts.ts';
import { freshNames, loadOptions, median, round } from '../target.ts';
import { cpuOf, type OwnServer, untilDrained, withServer } from './own-server.ts';

const turns = 16;
const liveEvents = 20_000;
const resources = 1_000;
/** Of all the load's events. */
const forced = { resource: { labels: { 'prefect.resource.name': ['a bench resource'] } } };
const storedEvents = 120_000;
const questions = 40;
const authString = 'bench:secret';

export async function forcedFilters(root: string): Promise<object> {
  const live = Object.fromEntries((['own', 'half', 'one'] as const).map((kind) => [kind, matchLive(kind)]));
  return { live, questions: await askInTurns(root) };
}

/** µs an event, among a thousand live filters, or by one that every event, or every other one, fits. */
function matchLive(kind: FilterKind): object {
  const count = kind === 'own' ? resources : 1;
  const plain = indexOf(kind, count, []);
  const held = indexOf(kind, count, [forcedFilter()]);
  const events = rows();
  match(plain, events);
  match(held, events);
  const differences: number[] = [];
  const without: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const isPlainFirst = turn % 2 === 0;
    const first = match(isPlainFirst ? plain : held, events);
    const second = match(isPlainFirst ? held : plain, events);
    without.push(isPlainFirst ? first : second);
    differences.push(isPlainFirst ? second - first : first - second);
  }
  return { filters: count, micros: round(median(without), 3), moreMicros: medianAndInterval(differences) };
}

function indexOf(kind: FilterKind, count: number, more: readonly Filter[]): FilterIndex<number> {
  const index = new FilterIndex<number>();
  for (let at = 0; at < count; at += 1) index.add([valid(filterOf(kind, 'bench', at, resources)), ...more], at);
  return index;
}

function match(index: FilterIndex<number>, { bytes, ends }: Rows): number {
  let found = 0;
  const start = process.cpuUsage();
  for (let nth = 0; nth < liveEvents; nth += 1) {
    const at = nth % ends.length;
    const event = new LoggedEvent(bytes, at === 0 ? 0 : (ends[at - 1] ?? 0), (ends[at] ?? 0) - 1);
    index.forEachMatch(event, () => (found += 1));
  }
  const micros = cpuSince(start);
  if (found === 0) throw new Error('no event of the bench fits');
  return micros / liveEvents;
}

interface Rows {
  readonly bytes: Buffer;
  readonly ends: readonly number[];
}

/** As they lie on their way to live delivery. */
function rows(): Rows {
  const shape = { prefix: 'bench', idPrefix: '00000000-0000-4000-8000-', eventBytes: 1_100, resources };
  const template = new EventTemplate(shape);
  const reader = new PlainReader();
  const bytes = Buffer.alloc(resources * 4_000);
  const ends: number[] = [];
  for (let nth = 0; nth < resources; nth += 1) {
    const text = Buffer.alloc(template.bytes.length);
    template.write(text, 0, nth, Date.now() * 1000, 0);
    const event = reader.readMessage(text);
    if (event === null) throw new Error('an event of the bench was refused');
    const receipt = { received: '2026-11-22T10:00:00.5Z', column: '2026-11-22 10:00:00.500000' };
    ends.push(event.writeRow(bytes, ends.at(-1) ?? 0, nth + 1, receipt));
  }
  return { bytes, ends };
}

/** Ratios of what a question takes with the filter forced to what it takes with the same filter as one's own. */
function askInTurns(root: string): Promise<object> {
  return withServer(root, { SLUICE_AUTH_STRING: authString }, async (server) => {
    const load = {
      connections: 4,
      batch: 100,
      eventsMax: storedEvents,
      spreadMs: 3_600_000,
      eventBytes: 1_100,
      seconds: 200,
    };
    await startLoad<PostReport>('post', { ...loadOptions(server), ...freshNames(), ...load }, 300_000).finished;
    await untilDrained(server);
    const words = ['token', 'create', '--name', 'bench', '--read', '--filter', JSON.stringify(forced)];
    const env = { ...process.env, SLUICE_DATA_DIR: server.dataDir ?? '' };
    const token = execFileSync(process.execPath, ['dist/src/main.js', ...words], { cwd: root, env, encoding: 'utf8' });
    const as = { own: authString, forced: token.trim() };
    const asked: readonly (readonly [string, string, object])[] = [
      ['page of 50', 'filter', { limit: 50 }],
      ['page of 50 of one resource', 'filter', { limit: 50, filter: { resource: { id_prefix: ['bench'] } } }],
      ['count by event', 'count-by/event', {}],
    ];
    const results: Record<string, object> = {};
    for (const [name, path, body] of asked) results[name] = await compare(server, as, path, body);
    return results;
  });
}

type Body = { readonly filter?: object };

async function compare(
  server: OwnServer,
  as: { own: string; forced: string },
  path: string,
  body: Body,
): Promise<object> {
  const ways = [
    {
      secret: as.own,
      body: { ...body, filter: { ...forced, ...body.filter, resource: { ...forced.resource, ...resourceOf(body) } } },
    },
    { secret: as.forced, body: { ...body, filter: { ...body.filter } } },
  ] as const;
  const ratios: { cpu: number; ms: number }[] = [];
  for (const way of ways) await ask(server, path, way);
  for (let turn = 0; turn < turns; turn += 1) {
    const [one, other] = turn % 2 === 0 ? [0, 1] : [1, 0];
    const taken: { cpu: number; ms: number }[] = [];
    taken[one as number] = await ask(server, path, ways[one as 0 | 1]);
    taken[other as number] = await ask(server, path, ways[other as 0 | 1]);
    const [own, held] = taken;
    if (own !== undefined && held !== undefined) ratios.push({ cpu: held.cpu / own.cpu, ms: held.ms / own.ms });
  }
  return {
    cpuRatio: medianAndInterval(ratios.map(({ cpu }) => cpu)),
    timeRatio: medianAndInterval(ratios.map(({ ms }) => ms)),
  };
}

function resourceOf({ filter }: Body): object {
  return filter !== undefined && 'resource' in filter ? (filter.resource as object) : {};
}

async function ask(server: OwnServer, path: string, { secret, body }: { secret: string; body: object }) {
  const agent = new Agent({ connections: 1 });
  const begunMs = performance.now();
  const { cpu } = await cpuOf(server.pid, async () => {
    for (let nth = 0; nth < questions; nth += 1) {
      const answer = await request(`${server.url}/api/events/${path}`, {
        ...{ method: 'POST', dispatcher: agent, body: JSON.stringify(body) },
        headers: {
          'content-type': 'application/json',
          authorization: `Basic ${Buffer.from(secret).toString('base64')}`,
        },
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${text.slice(0, 200)}`);
    }
  });
  await agent.close();
  return { cpu, ms: performance.now() - begunMs };
}

function valid(sent: object) {
  const checked = validateFilter(sent, { loc: [], now: new Date(), openEnded: true });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

function forcedFilter() {
  const checked = readForcedFilter(forced);
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}
