/**
 * Intake of events that come late by hours, when the id window has forgotten ids of those hours: such an event is
 * parked until ClickHouse was asked whether it is a repeat. Beside events of now, in turns.
 */
import { startLoad } from '../load/load-maker.ts';
import type { PostReport } from '../load/post.ts';
import { processCpuSeconds } from '../machine.ts';
import { freshNames, loadOptions, median, untilQueryable } from '../target.ts';
import { lineOf } from './line.ts';
import { cpuOf, type OwnServer, withServer } from './own-server.ts';

const windowIds = 20_000;
const events = 20_000;
const turns = 3;
const lateMs = 12 * 3_600_000;
const deadlineMs = 120_000;

export function lateEvents(root: string): Promise<object> {
  return withServer(root, { SLUICE_ID_WINDOW_IDS_MAX: String(windowIds) }, async (server) => {
    // The window forgets ids of all these hours.
    await post(server, 4 * windowIds, lateMs);
    const now: Cost[] = [];
    const late: Cost[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      now.push(await post(server, events, 0));
      late.push(await post(server, events, lateMs));
    }
    const lineFor = (unit: string, of: (cost: Cost) => number): object =>
      lineOf(unit, median(late.map(of)), 'events of now', median(now.map(of)));
    return {
      windowIds,
      events,
      lines: {
        'events late by up to twelve hours: the server': lineFor('µs an event', ({ server: micros }) => micros),
        'the same: the engine': lineFor('µs an event', ({ engine }) => engine),
        'the same: until all can be queried': lineFor('s', ({ seconds }) => seconds),
      },
    };
  });
}

/** Until all can be queried. */
interface Cost {
  readonly server: number;
  readonly engine: number;
  readonly seconds: number;
}

async function post(server: OwnServer, count: number, spreadMs: number): Promise<Cost> {
  const names = freshNames();
  const shape = { connections: 4, batch: 100, eventsMax: count, spreadMs, eventBytes: 1_100, seconds: 60 };
  const engineBefore = processCpuSeconds(server.enginePid ?? undefined) ?? 0;
  const { result, cpu } = await cpuOf(server.pid, async () => {
    const since = performance.now();
    const { acknowledged } = await startLoad<PostReport>(
      'post',
      { ...loadOptions(server), ...names, ...shape },
      deadlineMs,
    ).finished;
    const settled = await untilQueryable(server, names.prefix, acknowledged, since);
    if (settled.queryable !== count) throw new Error(`${settled.queryable} of ${count} late events can be queried`);
    return settled;
  });
  const engine = (processCpuSeconds(server.enginePid ?? undefined) ?? 0) - engineBefore;
  return { server: (cpu * 1e6) / count, engine: (engine * 1e6) / count, seconds: result.seconds };
}
