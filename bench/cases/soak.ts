/**
 * Endurance: a steady rate with fifty subscribers of ten filters and queries beside it; memory by its slope after the
 * warm-up, latency of the last stretch beside that of the first, and books that balance.
 */
import { startLoad } from '../load/load-maker.ts';
import type { PaceReport } from '../load/pace.ts';
import type { SwarmReport } from '../load/swarm.ts';
import { residentMb } from '../machine.ts';
import { ask, freshNames, loadOptions, pause, queryable, round } from '../target.ts';
import { type OwnServer, until, untilDrained, verbose, withServer } from './own-server.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly rate: number;
}

const subscribers = 50;
const sampleMs = 5_000;
const queryMs = 1_000;
/** Of the whole, before memory is looked at. */
const warmUpShare = 0.2;

export function soak(root: string, { minutes, rate }: SoakOptions): Promise<object> {
  return withServer(root, {}, async (server) => {
    const names = freshNames();
    const deadlineMs = minutes * 60_000 + 120_000;
    /** Five minutes, or a fifth where the whole is shorter. */
    const stretchSeconds = Math.min(300, (minutes * 60) / 5);
    const swarm = startLoad<SwarmReport>(
      'swarm',
      {
        ...loadOptions(server),
        ...names,
        subscribers,
        filter: 'ten',
        resources: 100,
        atOnce: 10,
        latencySeconds: stretchSeconds,
        drive: null,
        eventBytes: 1_100,
        quietMs: 5_000,
      },
      deadlineMs,
    );
    await swarm.ready;
    await until(server, 30_000, ({ liveSubscribers }) => liveSubscribers === subscribers);
    const pacing = { ...loadOptions(server), ...names, eventBytes: 1_100, seconds: minutes * 60, rate };
    const finished = startLoad<PaceReport>('pace', pacing, deadlineMs).finished;
    const watched = await watch(server, names.prefix, finished);
    const sender = await finished;
    swarm.tell({ events: sender.sent });
    const receiver = await swarm.finished;
    await untilDrained(server);
    const { books } = await verbose(server);
    const found = await queryable(server, names.prefix);
    const stretches = receiver.latency.filter((slice) => slice !== null);
    const [first, last] = [stretches[0], stretches[Math.max(0, Math.floor((minutes * 60) / stretchSeconds) - 1)]];
    return {
      minutes,
      rate,
      sent: sender.sent,
      acknowledged: sender.acknowledged,
      closed: sender.closed,
      queryable: found,
      deliveries: receiver.deliveries,
      missing: receiver.missing,
      wrong: receiver.wrong,
      booksBalance: isBalanced(books) && found === sender.sent && receiver.missing === 0 && receiver.wrong === 0,
      stretchSeconds,
      p99Ratio: first && last ? round(last.p99 / first.p99) : null,
      latencyMs: stretches,
      senderLateMs: sender.late,
      ...watched,
    };
  });
}

async function watch(server: OwnServer, prefix: string, finished: Promise<unknown>): Promise<object> {
  const start = performance.now();
  const series: { second: number; residentMb: number }[] = [];
  let queries = 0;
  let isOver = false;
  const over = finished.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  const querying = (async () => {
    while (!isOver) {
      await ask(server, 'count-by/event', { filter: { event: { prefix: [`${prefix}.`] } } });
      await ask(server, 'filter', { filter: { resource: { labels: { region: 'eu-west' } } } });
      queries += 2;
      await Promise.race([pause(queryMs), over]);
    }
  })();
  while (!isOver) {
    await Promise.race([pause(sampleMs), over]);
    series.push({ second: round((performance.now() - start) / 1000, 1), residentMb: residentMb(server.pid) ?? 0 });
  }
  await querying;
  return { queries, residentMbPerMinute: slopePerMinute(series), series };
}

function isBalanced({ parsed = 0, deduped = 0, parked = 0, appended = 0 }: Verbose['books']): boolean {
  return parsed > 0 && parsed === deduped + parked + appended;
}

type Verbose = Awaited<ReturnType<typeof verbose>>;

/** Least squares over what comes after the warm-up. */
function slopePerMinute(series: readonly { readonly second: number; readonly residentMb: number }[]): number {
  const kept = series.slice(Math.floor(series.length * warmUpShare));
  const mean = (of: (one: (typeof kept)[number]) => number): number =>
    kept.reduce((sum, one) => sum + of(one), 0) / kept.length;
  const [x, y] = [mean(({ second }) => second / 60), mean((one) => one.residentMb)];
  const over = kept.reduce((sum, one) => sum + (one.second / 60 - x) * (one.residentMb - y), 0);
  return round(over / kept.reduce((sum, one) => sum + (one.second / 60 - x) ** 2, 0));
}
