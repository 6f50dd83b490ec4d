/** What must hold of a field once its hostile peers have gone, and the figures of it. */

import { query } from '../../support/events.ts';
import { until } from '../../support/poll.ts';
import { type Field, type HostileKind, hostileEvent } from './kind.ts';
import type { Neighbour, NeighbourReport } from './neighbour.ts';
import { neighbourFaults } from './neighbour-faults.ts';
import type { Watch } from './watch.ts';

export interface Start {
  readonly metrics: ReadonlyMap<string, number>;
  readonly at: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly log: number;
}

export interface Judging {
  readonly kinds: readonly HostileKind[];
  readonly field: Field;
  readonly watch: Watch;
  readonly neighbour: Neighbour;
  readonly start: Start;
  readonly books: { readonly sent: number; readonly acknowledged: number };
  readonly isLong: boolean;
  readonly say: (line: string) => void;
}

export interface Figures {
  readonly seconds: number;
  /** How long the machine stood still for us. */
  readonly pausedSeconds: number;
  readonly residentMB: { readonly start: number; readonly max: number; readonly end: number };
  readonly engineMB: number;
  readonly descriptors: { readonly start: number; readonly max: number; readonly end: number };
  readonly logKB: number;
  readonly healthMs: number;
  readonly heldMs: number;
  readonly neighbour: {
    readonly sent: number;
    readonly acknowledged: number;
    readonly told: Readonly<Record<string, number>>;
  };
  readonly acknowledged: number;
  /** What peers were told, and what the server counted, by name. */
  readonly refusals: Readonly<Record<string, number>>;
}

const residentBytesMax = 1e9;
const residentSlackBytes = 256 * 1024 * 1024;
const descriptorsSlack = 30;
/** 20 lines a minute of each message, of which one run has some tens, cut at a few kB. */
const logBytesAMinuteMax = 1_000_000;
const settleMs = 180_000;
const gauges = [
  ...['producers', 'subscribers', 'answer_bytes', 'handshakes_waiting', 'subscriber_buffered_bytes', 'topics'],
  ...['filter_bytes', 'live_counts', 'live_count_bytes', 'backfill_bytes'],
];
/** Counters of refusals and of what was left out, with their labels. */
const refusalCounters =
  /^(events_refused|messages_skipped|edge_refused|peers_gone|filters_refused|live_counts_refused|log_lines_dropped)_total/;

export async function judge(judging: Judging): Promise<Figures> {
  const { field, watch, neighbour, start } = judging;
  if (!field.server.isAlive()) {
    neighbour.kill();
    field.fault(`The server ended: ${field.server.logTail().slice(-500)}`);
    return figuresOf(judging, new Map(), null, 0);
  }
  const report = await neighbour.finish().catch((error: Error) => {
    field.fault(error.message);
    return null;
  });
  const minutes = (performance.now() - start.at) / 60_000;
  if (report !== null) {
    const mayMeet = judging.kinds.flatMap(({ neighbourMayMeet = [] }) => neighbourMayMeet);
    neighbourFaults(report, mayMeet).forEach(field.fault);
  }
  const metrics = await settled(judging).catch((error: Error) => {
    field.fault(`Afterwards there are no metrics: ${error.message}`);
    return start.metrics;
  });
  judgeSizes(judging, minutes);
  await judgeStored(judging);
  const refusals = refusalsOf(judging, metrics);
  const expected = judging.isLong ? judging.kinds.flatMap(({ expects }) => expects) : [];
  for (const name of expected) {
    if (![...refusals.keys()].some((each) => each.includes(name))) {
      field.fault(`The peers never came to "${name}": they were too tame`);
    }
  }
  return figuresOf(judging, refusals, report, watch.residentBytes());
}

/** Once nobody asks any more all is let go, and all is in ClickHouse. */
async function settled({ field, watch, start, say, isLong }: Judging): Promise<ReadonlyMap<string, number>> {
  let metrics = await field.server.metrics();
  const open = (): string[] => {
    const of = (name: string): number => metrics.get(name) ?? 0;
    const pending = [...metrics].filter(([name, value]) => name.startsWith('epoch_pending') && value > 0);
    const grown = gauges.filter((name) => of(name) > (start.metrics.get(name) ?? 0));
    return [
      ...pending.map(([name, value]) => `${name} is ${value}`),
      ...grown.map((name) => `${name} stays at ${of(name)}`),
      ...(isLong && watch.residentBytes() > start.residentBytes + residentSlackBytes
        ? [`Memory was ${start.residentBytes} at the start and stays at ${watch.residentBytes()}`]
        : []),
      ...(watch.descriptors() > start.descriptors + descriptorsSlack
        ? [`${watch.descriptors()} descriptors stay open, of ${start.descriptors} at the start`]
        : []),
    ];
  };
  const isSettled = async (): Promise<true | undefined> => {
    metrics = await field.server.metrics().catch(() => metrics);
    return open().length === 0 ? true : undefined;
  };
  const begun = performance.now();
  const first = open();
  await until('all is let go', isSettled, settleMs).catch(() => open().forEach(field.fault));
  if (first.length > 0) say(`Let go ${Math.round(performance.now() - begun)} ms later: ${first.join('; ')}`);
  for (const name of ['faults_total', 'repeats_total', 'dead_lettered_total']) {
    if ((metrics.get(name) ?? 0) > 0)
      field.fault(`The server counts ${name} ${metrics.get(name)}: ${field.server.logTail()}`);
  }
  return metrics;
}

function judgeSizes({ kinds, field, watch, start }: Judging, minutes: number): void {
  const most = watch.residentMaxBytes();
  if (most > residentBytesMax) field.fault(`The server took ${Math.round(most / 1e6)} MB`);
  const logged = field.server.logBytes() - start.log;
  const isLoud = kinds.some(({ env = {} }) => 'SLUICE_LOG_LEVEL' in env);
  const loggedMax = logBytesAMinuteMax * (minutes + 1);
  if (!isLoud && logged > loggedMax) field.fault(`The log took ${logged} bytes in ${minutes.toFixed(1)} minutes`);
}

/** What was acknowledged is there once; what was sent without an answer may be there. */
async function judgeStored({ field, books: { sent, acknowledged } }: Judging): Promise<void> {
  if (sent === 0) return;
  const page = await query(field.target, { event: { name: [hostileEvent] } }, 0).catch((error: Error) => {
    field.fault(`Afterwards a question failed: ${error.message}`);
    return null;
  });
  if (page !== null && (page.total < acknowledged || page.total > sent)) {
    field.fault(`Of hostile peers ${page.total} events are stored: ${sent} were sent, ${acknowledged} acknowledged`);
  }
}

function refusalsOf({ field, start }: Judging, metrics: ReadonlyMap<string, number>): Map<string, number> {
  const refusals = new Map(field.tally.counts);
  for (const [name, value] of metrics) {
    const more = value - (start.metrics.get(name) ?? 0);
    if (refusalCounters.test(name) && more > 0) refusals.set(name, more);
  }
  return refusals;
}

function figuresOf(
  { watch, start, field, books }: Judging,
  refusals: ReadonlyMap<string, number>,
  report: NeighbourReport | null,
  residentBytes: number,
): Figures {
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  const told: Record<string, number> = {};
  for (const { failure } of report?.troubles ?? []) told[failure] = (told[failure] ?? 0) + 1;
  return {
    seconds: Math.round((performance.now() - start.at) / 1e3),
    pausedSeconds: Math.round(watch.pausedMs() / 1e3),
    residentMB: {
      start: megabytes(start.residentBytes),
      max: megabytes(watch.residentMaxBytes()),
      end: megabytes(residentBytes),
    },
    engineMB: megabytes(watch.engineResidentMaxBytes()),
    descriptors: { start: start.descriptors, max: watch.descriptorsMax(), end: watch.descriptors() },
    logKB: Math.round((field.server.logBytes() - start.log) / 1e3),
    healthMs: report?.longestMs ?? Number.NaN,
    heldMs: report?.heldMs ?? Number.NaN,
    neighbour: { sent: report?.sent ?? 0, acknowledged: report?.acknowledged ?? 0, told },
    acknowledged: books.acknowledged,
    refusals: Object.fromEntries([...refusals].sort(([one], [other]) => (one < other ? -1 : 1))),
  };
}
