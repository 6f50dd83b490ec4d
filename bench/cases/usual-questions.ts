/**
 * The questions that people's tools ask: those of both interfaces of Prefect's server as they were recorded, on the set
 * of the case `scale`, each beside the published question of its kind. Sets of another shape stand beside it: Zipf and
 * hot resources, a label key of each event's own, events that come late by hours.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchSluice } from '../../support/peers/sluice.ts';
import type { EventSet, SetShape } from '../load/generate-events.ts';
import { ensureSet, setEnvironment } from '../load/generate-set.ts';
import { childrenOf } from '../machine.ts';
import type { BenchTarget } from '../target.ts';
import { type Line, lineOf } from './line.ts';
import { lookup, type Question, questionsOf, timed } from './scale.ts';

const resources = 5_000;
const daySeconds = 86_400;
const spanSeconds = 2 * daySeconds;

/** Line by line: ms of CPU of server and engine for an answer. */
export async function usualQuestions(root: string, { events }: { readonly events: number }): Promise<object> {
  return withSet(root, { events }, async (target, set) => {
    const published = { ...questionsOf(set), 'id lookup': { ...(await lookup(target, set)), targetMs: null } };
    const base = await costs(target, published);
    const lines: Record<string, Line> = {};
    for (const [name, { asked, like }] of Object.entries(usual(set, published['id lookup']))) {
      lines[name] = lineOf('CPU ms', await cost(target, asked), like, base(like));
    }
    return { events, lines };
  });
}

/** The same for sets of other shapes: each question beside itself on the set of the case `scale`. */
export async function shapes(root: string, { events }: { readonly events: number }): Promise<object> {
  const lines: Record<string, Line> = {};
  const measured = (shape?: SetShape): Promise<Readonly<Record<string, number>>> =>
    withSet(root, { events, ...(shape && { shape }) }, async (target, set) => {
      const found: Record<string, number> = {};
      for (const [name, question] of Object.entries(asked(set))) found[name] = await cost(target, question);
      return found;
    });
  const plain = await measured();
  for (const shape of ['zipf', 'hot', 'keys', 'late'] as const) {
    for (const [name, value] of Object.entries(await measured(shape))) {
      lines[`${titles[shape]}: ${name}`] = lineOf('CPU ms', value, name, plain[name] ?? Number.NaN);
    }
  }
  return { events, lines };
}

const titles: Readonly<Record<SetShape, string>> = {
  zipf: 'resources by Zipf',
  hot: 'one resource in nine of ten events',
  keys: 'a label key of its own in each event',
  late: 'events late by up to twelve hours',
};

/** Of the published questions those that such a set could change. */
function asked(set: EventSet): Readonly<Record<string, Question>> {
  const names = [
    ...['day', 'hour', 'event', 'resource'].map((countable) => `count-by ${countable}`),
    ...['', ', event name', ', label', ', related', ', any_resource'].map((filter) => `page 1 and total${filter}`),
    'count-by resource, label',
  ];
  const all = questionsOf(set);
  const end = set.startSeconds + set.spanSeconds;
  const occurred = { since: time(set.startSeconds), until: time(end) };
  const hottest = { filter: { occurred, resource: { id: ['acme.service.0'] } }, limit: 50 };
  return {
    ...Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]]))),
    'page 1 and total, the largest resource': { path: 'filter', body: hottest, targetMs: null },
    'count-by label:region': { path: 'count-by/label:region', body: { filter: { occurred } }, targetMs: null },
  };
}

interface Usual {
  readonly asked: Question;
  /** The published question of its kind. */
  readonly like: string;
}

/** As the two interfaces ask, with the names of the set: it has no log lines, so `exclude_name` leaves nothing out. */
function usual(set: EventSet, byId: Question): Readonly<Record<string, Usual>> {
  const end = set.startSeconds + set.spanSeconds;
  const day = { since: time(end - daySeconds), until: time(end) };
  const hour = { since: time(end - 3_600), until: time(end) };
  const noLogs = { exclude_name: ['prefect.log.write'] };
  const noTasks = { exclude_prefix: ['prefect.log.write', 'prefect.task-run.'] };
  const prefix = { prefix: ['prefect.deployment.'], ...noLogs };
  const ofOne = { id_prefix: ['acme.service.77'] };
  const actions = { name: ['prefect.automation.action.executed', 'prefect-cloud.automation.action.executed'] };
  const one = (path: string, filter: object, like: string, more: object = {}): Usual => ({
    asked: { path, body: { filter: { order: 'DESC', ...filter }, ...more }, targetMs: null },
    like,
  });
  const page = (filter: object, limit = 50): Usual => one('filter', filter, 'page 1 and total', { limit });
  const byHour = { time_unit: 'hour', time_interval: 1 };
  const byMinute = { time_unit: 'minute', time_interval: 1 };
  return {
    'events of a day, without logs': page({ occurred: day, event: noLogs }),
    'the same by hour': one('count-by/time', { occurred: day, event: noLogs }, 'count-by hour', byHour),
    'the same by event': one('count-by/event', { occurred: day, event: noLogs }, 'count-by event'),
    'events of the last hour by minute': one(
      'count-by/time',
      { occurred: hour, event: noLogs },
      'count-by hour',
      byMinute,
    ),
    'one event by its id': { asked: byId, like: 'id lookup' },
    'events of one run': page({
      occurred: hour,
      any_resource: { id: ['prefect.deployment.77'] },
      event: noTasks,
      order: 'ASC',
    }),
    'events whose name begins with': page({ occurred: day, event: prefix }),
    'the same names by hour': one('count-by/time', { occurred: day, event: prefix }, 'count-by hour', byHour),
    'events whose resource begins with': page({ occurred: day, any_resource: ofOne, event: noLogs }),
    'the same resources by hour': one(
      'count-by/time',
      { occurred: day, any_resource: ofOne, event: noLogs },
      'count-by hour',
      byHour,
    ),
    'what an automation did for a run': page(
      {
        occurred: hour,
        resource: { id_prefix: ['prefect.automation'] },
        related: { id: ['prefect.deployment.7'] },
        event: actions,
      },
      1,
    ),
  };
}

async function costs(
  target: BenchTarget,
  questions: Readonly<Record<string, Question>>,
): Promise<(name: string) => number> {
  const found = new Map<string, number>();
  for (const name of ['page 1 and total', 'count-by hour', 'count-by event', 'id lookup']) {
    const question = questions[name];
    if (question !== undefined) found.set(name, await cost(target, question));
  }
  return (name) => found.get(name) ?? Number.NaN;
}

async function cost(target: BenchTarget, question: Question): Promise<number> {
  const { cpuMs } = await timed(target, question);
  return cpuMs ?? Number.NaN;
}

async function withSet<Value>(
  root: string,
  like: Pick<EventSet, 'events' | 'shape'>,
  use: (target: BenchTarget, set: EventSet) => Promise<Value>,
): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-set-'));
  const startSeconds = Math.floor(Date.now() / 1000 / 3_600) * 3_600 - spanSeconds;
  try {
    const { set } = await ensureSet(root, folder, () => ({
      ...like,
      resources,
      startSeconds,
      spanSeconds,
    }));
    const server = await launchSluice({ root, dataDir: folder, env: setEnvironment });
    const [enginePid] = childrenOf(server.pid, 'engine-child');
    try {
      const target = {
        name: 'sluice',
        url: server.url,
        pid: server.pid,
        isPeer: false,
        ...(enginePid && { enginePid }),
      };
      return await use(target, set);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
