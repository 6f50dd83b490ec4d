/**
 * Queries: each countable and the first page with its total, over events spread across the last six hours.
 */
import { startLoad } from '../load/load-maker.ts';
import type { PostReport } from '../load/post.ts';
import { ask, type BenchTarget, freshNames, loadOptions, round, untilQueryable } from '../target.ts';

export interface CountsOptions {
  readonly events: number;
}

const spreadMs = 6 * 3_600_000;
const repeats = 5;
const deadlineMs = 180_000;

export async function counts(target: BenchTarget, { events }: CountsOptions): Promise<object> {
  const names = freshNames();
  const shape = { eventBytes: 1_100, connections: 2, batch: 100, seconds: 120, eventsMax: events, spreadMs };
  const start = performance.now();
  const load = startLoad<PostReport>('post', { ...loadOptions(target), ...names, ...shape }, deadlineMs);
  const { acknowledged } = await load.finished;
  const settled = await untilQueryable(target, names.prefix, acknowledged, start);
  const event = { prefix: [`${names.prefix}.`] };
  const occurred = { since: new Date(Date.now() - spreadMs - 3_600_000).toISOString() };
  const filter = { event, occurred };
  const asked: Readonly<Record<string, readonly [path: string, body: object]>> = {
    'count by event': ['count-by/event', { filter }],
    'count by resource': ['count-by/resource', { filter }],
    'count by day': ['count-by/day', { filter }],
    'count by hour': ['count-by/time', { filter, time_unit: 'hour' }],
    'count by minute': ['count-by/time', { filter, time_unit: 'minute' }],
    'first page and total': ['filter', { filter }],
    'first page by a label': ['filter', { filter: { ...filter, resource: { labels: { region: 'eu-west' } } } }],
    'first page by a related': ['filter', { filter: { ...filter, related: { id: [`${names.prefix}.owner`] } } }],
    'first page by an id prefix': [
      'filter',
      { filter: { ...filter, resource: { id_prefix: [`${names.prefix}.resource.1`] } } },
    ],
    'first page by text': ['filter', { filter: { ...filter, text: { query: 'lorem' } } }],
  };
  const milliseconds: Record<string, number> = {};
  for (const [name, [path, body]] of Object.entries(asked)) milliseconds[name] = await medianMs(target, path, body);
  return { events: settled.queryable, lost: acknowledged - settled.queryable, milliseconds };
}

async function medianMs(target: BenchTarget, path: string, body: object): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < repeats; at += 1) {
    const start = performance.now();
    await ask(target, path, body);
    times.push(performance.now() - start);
  }
  return round(times.toSorted((one, other) => one - other)[Math.floor(repeats / 2)] ?? 0);
}
