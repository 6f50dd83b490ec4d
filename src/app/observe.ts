/**
 * Looks at the running parts, at the moment of a scrape, and says in numbers how it stands: what `/metrics` and
 * `/api/ready?verbose=1` both show.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { LogStatus } from '../../schemas/server-status.ts';
import type { Usage } from '../access/allowance.ts';
import type { AuditLosses } from '../access/audit.ts';
import { Failure } from '../base/errors.ts';
import type { LogLosses } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import type { StatementKind, StoreStatus } from '../clickhouse/store.ts';
import type { LogAdmin } from '../event-log/log-admin.ts';
import { receivedMsOf } from '../event-log/row.ts';
import type { FanOut } from '../feed/fan-out.ts';
import type { ForwarderStatus } from '../forwarder/start-forwarder.ts';
import type { GatewayStatus } from '../gateway/gateway-status.ts';
import type { Aside } from '../journal/set-aside.ts';
import type { ServerCounters } from '../server/counters.ts';
import type { SubscriberLoad } from '../server/subscriber-load.ts';
import { type EpochBook, pendingOf } from '../table-writer/epoch-book.ts';

export interface ObservedParts {
  readonly journal: LogAdmin & { readonly aside: Pick<Aside, 'bytes' | 'events' | 'parked'> };
  /** Null for a single Sluice. */
  readonly gateway: GatewayStatus | null;
  readonly live: { readonly mark: number };
  readonly store: StoreStatus;
  readonly statements: Readonly<Record<StatementKind, number>>;
  readonly epochBook: EpochBook;
  readonly parked: { readonly size: number; readonly bytes: number };
  readonly fanOut: Pick<FanOut, 'topicCount' | 'memberCount'>;
  readonly load: SubscriberLoad;
  readonly pages: { readonly heldBytes: number };
  readonly filters: { readonly heldBytes: number; readonly refused: number };
  readonly liveCounts: { readonly questionCount: number };
  readonly countBudget: { readonly heldBytes: number };
  readonly counters: Counters;
  readonly serverCounters: ServerCounters;
  /** Null where events are not forwarded to a Prefect server. */
  readonly forwarder: ForwarderStatus | null;
  readonly usages: ReadonlyMap<string, Usage>;
  readonly loopDelay: Pick<LoopDelay, 'read'>;
  /** Lines that the log left out. */
  readonly logLosses: LogLosses;
  readonly auditLosses: AuditLosses;
  readonly nowMs: number;
}

export interface Observation extends LogStatus {
  /** Null for a single Sluice. */
  readonly gateway: GatewayStatus | null;
  readonly store: StoreStatus;
  readonly topics: number;
  /** Pages of history in memory. */
  readonly backfillBytes: number;
  /** What the filters of all subscribers take of the heap, about; and who found no room for one. */
  readonly filterBytes: number;
  readonly filtersRefused: number;
  /** Different live counts that are asked now, and what they hold. */
  readonly liveCounts: number;
  readonly liveCountBytes: number;
  /** Statements that were sent to ClickHouse, by their kind. */
  readonly statements: Readonly<Record<StatementKind, number>>;
  readonly journalBytes: number;
  /** What this start found behind damage, and moved to `journal/damaged/`. */
  readonly journalSetAside: Pick<Aside, 'bytes' | 'events' | 'parked'>;
  readonly loopDelaySeconds: LoopDelayReading;
  readonly residentBytes: number;
  readonly logLosses: LogLosses;
  readonly auditLosses: AuditLosses;
  readonly books: Counters;
  readonly edge: ServerCounters;
  /** Null where events are not forwarded to a Prefect server. */
  readonly forwarder: ForwarderObservation | null;
  /** Of tokens with limits, by their names. */
  readonly usages: Readonly<Record<string, Usage>>;
}

/** Of what is forwarded to a Prefect server. Events that are not forwarded are counted until they are passed over. */
export interface ForwarderObservation extends Omit<ForwarderStatus, 'next' | 'unconfirmed'> {
  readonly lagEvents: number;
  /** The age of the oldest of them; null if the journal cannot tell, or it is not known yet which they are. */
  readonly lagSeconds: number | null;
  /** What the journal holds until Prefect is known to have it. */
  readonly unconfirmedEvents: number;
}

export function observe(parts: ObservedParts): Observation {
  const { journal, live, store, epochBook, fanOut, load, counters, serverCounters } = parts;
  const { epoch, firstSeq, head, checkpoint } = journal;
  const { stored, deadLettered } = epochBook;
  return {
    gateway: parts.gateway,
    store,
    epoch,
    firstSeq,
    head,
    mark: live.mark,
    checkpoint,
    pending: journal.pending,
    lagSeconds: lagSeconds(journal, checkpoint + 1, parts.nowMs),
    epochBook: { stored, deadLettered, pending: pendingOf(journal) },
    parkedWaiting: parts.parked.size,
    topics: fanOut.topicCount,
    liveSubscribers: fanOut.memberCount,
    laggingSubscribers: load.lagging,
    bufferedBytes: { sum: load.bufferedBytesSum, max: load.bufferedBytesMax },
    backfillBytes: parts.pages.heldBytes,
    filterBytes: parts.filters.heldBytes,
    filtersRefused: parts.filters.refused,
    liveCounts: parts.liveCounts.questionCount,
    liveCountBytes: parts.countBudget.heldBytes,
    statements: parts.statements,
    journalBytes: journal.bytes,
    journalSetAside: { bytes: journal.aside.bytes, events: journal.aside.events, parked: journal.aside.parked },
    loopDelaySeconds: parts.loopDelay.read(),
    residentBytes: process.memoryUsage.rss(),
    logLosses: parts.logLosses,
    auditLosses: parts.auditLosses,
    books: counters,
    edge: serverCounters,
    forwarder: forwarderOf(parts),
    usages: Object.fromEntries(parts.usages),
  };
}

function forwarderOf({ forwarder, journal, live, nowMs }: ObservedParts): ForwarderObservation | null {
  if (forwarder === null) return null;
  const { next, unconfirmed, ...status } = forwarder;
  return {
    ...status,
    lagEvents: Math.max(0, live.mark - (next ?? unconfirmed) + 1),
    lagSeconds: next === null ? null : lagSeconds(journal, next, nowMs),
    unconfirmedEvents: Math.max(0, live.mark - unconfirmed + 1),
  };
}

/** The age of the event with this seq, or of the next kept one. */
function lagSeconds(journal: LogAdmin, from: number, nowMs: number): number | null {
  if (from > journal.head) return 0;
  try {
    const { rows, count } = journal.read(from, 1, journal.head);
    if (count === 0) return 0;
    return Math.max(0, nowMs - receivedMsOf(rows)) / 1000;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

export interface LoopDelayReading {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoopDelay {
  /** How much later than planned timers ran since the last reading. */
  read(): LoopDelayReading;
  /** The same, and the next reading will tell it too. */
  peek(): LoopDelayReading;
  stop(): void;
}

const resolutionMs = 20;

export function startLoopDelay(): LoopDelay {
  const histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  // What is measured is the whole interval between two ticks.
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000) || 0;
  const peek = (): LoopDelayReading => ({
    mean: late(histogram.mean),
    p99: late(histogram.percentile(99)),
    max: histogram.count === 0 ? 0 : late(histogram.max),
  });
  return {
    read() {
      const reading = peek();
      histogram.reset();
      return reading;
    },
    peek,
    stop: () => void histogram.disable(),
  };
}
