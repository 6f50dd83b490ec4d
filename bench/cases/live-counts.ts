/**
 * What a thousand different live counts do to live delivery at 10,000 events a second, and what the same counts cost
 * when they are asked each second: runs without and with them, in alternating pairs. A bystander takes the processor
 * as the process does that watches, and asks nothing: what it does to the delivery is the machine's, not Sluice's.
 */
import { leftOutSeconds } from '../load/delivery-times.ts';
import { resourcesDefault } from '../load/event-template.ts';
import type { Latency } from '../load/histogram.ts';
import { startLoad } from '../load/load-maker.ts';
import type { WatchCountsReport } from '../load/watch-counts.ts';
import { waitedSeconds } from '../machine.ts';
import { freshNames, loadOptions, median, pause, round } from '../target.ts';
import { measure } from './latency.ts';
import { cpuOf, type OwnServer, untilDrained, withServer } from './own-server.ts';

const load = { subscribers: 1, rate: 10_000 };
const seconds = 6 + leftOutSeconds;
/** The code of either has been made fast by then, and the counters have found their memory. */
const warmUpSeconds = 3;
const watchers = 1_000;
const deadlineMs = 120_000;

type How = 'none' | Other;
const others = ['live', 'bystander', 'poll'] as const;
type Other = (typeof others)[number];

interface Run {
  readonly latency: Latency;
  readonly serverCpuOfRun: number;
  readonly engineCpuOfRun: number | null;
  /** Others had the processor for so long while the server wanted it: a slow run with much of it tells of them. */
  readonly serverWaited: number;
  readonly watched: WatchCountsReport | null;
}

export function liveCounts(root: string, { pairs }: { readonly pairs: number }): Promise<object> {
  return withServer(root, {}, async (server) => {
    for (const how of ['none', 'live'] as const) await run(server, how, warmUpSeconds);
    const ratios: Record<Other, number[]> = { live: [], bystander: [], poll: [] };
    const runs: Record<How, Run[]> = { none: [], live: [], bystander: [], poll: [] };
    for (let nth = 0; nth < pairs; nth += 1) {
      for (const how of others) {
        const order: readonly How[] = nth % 2 === 0 ? ['none', how] : [how, 'none'];
        const pair: Partial<Record<How, Run>> = {};
        for (const each of order) {
          const made = await run(server, each, seconds, runs.live.at(-1)?.watched?.coreShare);
          pair[each] = made;
          runs[each].push(made);
        }
        ratios[how].push((pair[how]?.latency.p99 ?? Number.NaN) / (pair.none?.latency.p99 ?? Number.NaN));
      }
    }
    return {
      ...load,
      watchers,
      p99Ratio: eachOf((how) => round(median(ratios[how]))),
      p99Ratios: eachOf((how) => ratios[how].map((each) => round(each))),
      without: summary(runs.none),
      live: summary(runs.live),
      bystander: summary(runs.bystander),
      polledEachSecond: summary(runs.poll),
    };
  });
}

function eachOf<Value>(value: (how: Other) => Value): Record<Other, Value> {
  return { live: value('live'), bystander: value('bystander'), poll: value('poll') };
}

async function run(server: OwnServer, how: How, forSeconds: number, coreShare = 0): Promise<Run> {
  const names = freshNames();
  const options = { ...loadOptions(server), ...names, how, watchers, coreShare, resources: resourcesDefault };
  const watching = how === 'none' ? null : startLoad<WatchCountsReport>('watch-counts', options, deadlineMs);
  await watching?.ready;
  await pause(500);
  const engine = server.enginePid;
  const waitedBefore = waitedSeconds(server.pid) ?? Number.NaN;
  const measured = await cpuOf(server.pid, () =>
    cpuOf(engine ?? server.pid, () => measure(server, load, forSeconds, names)),
  );
  const serverWaited = (waitedSeconds(server.pid) ?? Number.NaN) - waitedBefore;
  watching?.tell({ over: true });
  const watched = (await watching?.finished) ?? null;
  await untilDrained(server);
  const { latencyMs, missing } = measured.result.result;
  if (latencyMs === null || missing !== 0) throw new Error(`${missing} events are missing`);
  return {
    latency: latencyMs,
    serverCpuOfRun: measured.cpu,
    engineCpuOfRun: engine === null ? null : measured.result.cpu,
    serverWaited,
    watched,
  };
}

function summary(runs: readonly Run[]): object {
  const of = (value: (run: Run) => number): number => round(median(runs.map(value)), 3);
  return {
    p50Ms: of(({ latency }) => latency.p50),
    p99Ms: of(({ latency }) => latency.p99),
    p99MsEach: runs.map(({ latency }) => latency.p99),
    serverWaitedSeconds: of(({ serverWaited }) => serverWaited),
    serverWaitedSecondsEach: runs.map(({ serverWaited }) => round(serverWaited, 3)),
    serverCpuSeconds: of(({ serverCpuOfRun }) => serverCpuOfRun),
    engineCpuSeconds: of(({ engineCpuOfRun }) => engineCpuOfRun ?? Number.NaN),
    framesOrAnswersPerSecond: of(({ watched }) => (watched?.seen ?? 0) / seconds),
    coreShareOfWatchers: of(({ watched }) => watched?.coreShare ?? 0),
    bytesPerSecond: of(({ watched }) => (watched?.bytes ?? 0) / seconds),
    failed: runs.flatMap(({ watched }) => watched?.closed ?? []).slice(0, 10),
  };
}
