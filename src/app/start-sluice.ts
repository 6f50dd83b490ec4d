/**
 * Puts the parts together and takes them down again (I1, I3, I9): all that a request may meet is there before the port
 * is open, and the port before ClickHouse answers.
 */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { endsWithin } from '../base/ends-within.ts';
import { armFailPoint } from '../base/fail-point.ts';
import type { FilePort } from '../base/file-port.ts';
import { openKeys, type SigningKeys } from '../base/keys.ts';
import { type Log, lossesOf } from '../base/log.ts';
import { type Counters, createCounters } from '../base/metrics.ts';
import { packageRoot } from '../base/package-root.ts';
import { longestRetentionDays } from '../base/retention.ts';
import { kindOf } from '../clickhouse/layout.ts';
import type { Store } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import type { Forwarder } from '../forwarder/start-forwarder.ts';
import type { OpenGateway } from '../gateway/open-gateway.ts';
import type { ParkedResolver } from '../ingest/resolve-parked.ts';
import { thisMachine } from '../journal/journal-options.ts';
import { acquireLock } from '../journal/lock.ts';
import { createPageFilters } from '../query/page-filters.ts';
import { loadConsole } from '../server/console.ts';
import { createServerCounters, type ServerCounters } from '../server/counters.ts';
import { refuseTakenPort } from '../server/listen.ts';
import { type RunningServer, startServer } from '../server/start-server.ts';
import { noLoad } from '../server/subscriber-load.ts';
import type { TlsFiles } from '../server/tls.ts';
import type { DeadLetter } from '../table-writer/ports.ts';
import type { TableWriter } from '../table-writer/table-writer.ts';
import { connectStore, type StoreUser } from './connect-store.ts';
import { descriptorsLeft } from './descriptors.ts';
import { connectionRoom, greet, warnOfNoRoom, warnOfOpenDoor } from './greet.ts';
import { listDead } from './list-dead.ts';
import { metricsPage } from './metrics-page.ts';
import { type LoopDelay, type Observation, type ObservedParts, observe, startLoopDelay } from './observe.ts';
import { type OpenedAccess, openAccess } from './open-access.ts';
import { type Feeds, openFeeds } from './open-feeds.ts';
import type { IntakeParts } from './open-intake.ts';
import { type OpenedLog, openLog } from './opened-log.ts';
import { queriesOf } from './queries.ts';
import { readiness } from './readiness.ts';
import { Replays } from './replays.ts';
import { startForwarding } from './start-forwarding.ts';
import { startResolver } from './start-writing.ts';
import { statusTeller } from './status.ts';
import { tlsOf } from './tls-of.ts';

export interface RunningSluice {
  /**
   * Is not ready any more and serves on for `leaveMs`, or until `hurry` aborts. Then it stops accepting, commits,
   * closes sockets with 1012 and stops the engine. That ends within 10 s, also with the store down.
   */
  stop(hurry: AbortSignal): Promise<void>;
}

/** What is there before anything is served. */
interface Parts {
  readonly config: Config;
  readonly files: FilePort;
  readonly tls: TlsFiles | null;
  readonly intake: IntakeParts;
  /** Null for a single Sluice. */
  readonly gateway: OpenGateway | null;
  readonly store: Store;
  readonly writer: TableWriter;
  readonly feeds: Feeds;
  /** Null where no Prefect server is named. */
  readonly forwarder: Forwarder | null;
  readonly keys: SigningKeys;
  readonly access: OpenedAccess;
  readonly counters: Counters;
  readonly serverCounters: ServerCounters;
  readonly loopDelay: LoopDelay;
  readonly deadLetter: Pick<DeadLetter, 'entries'>;
  readonly replays: Replays;
  readonly log: Log;
}

/** What comes later, or changes. */
interface Running {
  server: RunningServer | null;
  isLeaving: boolean;
}

/** How long the stop waits for the disk. */
const settleMs = 3_000;
const requestsGraceMs = 1_000;
const insertGraceMs = 1_500;
const forwardGraceMs = 1_500;

/**
 * Starts everything and resolves when Sluice listens; `say` tells a person what is worth knowing. Throws StartRefused.
 */
export async function startSluice(config: Config, log: Log, say: (line: string) => void): Promise<RunningSluice> {
  armFailPoint(config.failPoint);
  const lock = await acquireLock(config.dataDir);
  await refuseTakenPort(config.host, config.port);
  const counters = createCounters();
  const machine = thisMachine(config.durableCopy);
  const tls = tlsOf(config);
  const keys = openKeys(config.dataDir, config.signingKey, machine.files);
  const running: Running = { server: null, isLeaving: false };
  const hasSubscribers = (): boolean => feeds.hasAudience();
  const opened = await openLog(config, { machine, counters, store: () => store.status, hasSubscribers, log });
  const { intake, gateway } = opened;
  // A gateway that is new has the tokens of all others by now.
  const access = openAccess(config, machine.files, log);
  const { journal, live } = intake;
  const { deadLetter } = opened;
  const startWriter = await opened.prepareWriter();
  const user = storeUserOf(opened, () => writer.doubtRange());
  const store: Store = connectStore(config, user, log);
  const writer: TableWriter = startWriter(store);
  const feeds = openFeeds({
    ...{ config, journal, live, store, keys, counters, log },
    isReplica: gateway !== null,
    whenCertain: writer.whenCertain,
  });
  const replays = new Replays({ store, writer, deadLetter, intake, access, counters, log });
  const forwarder = await startForwarding(config, opened, machine.files, log);
  const batches = live.batches$.subscribe((batch) => {
    feeds.flush(batch);
    writer.wake();
    forwarder?.wake();
  });
  const parts: Parts = {
    ...{ files: machine.files, config, tls, intake, gateway, store, writer, feeds, forwarder, keys, access },
    ...{ deadLetter, replays, counters, log },
    serverCounters: createServerCounters(),
    loopDelay: startLoopDelay(),
  };
  const server = await serve(parts, running);
  running.server = server;
  const resolver = startResolver(parts, replays.lookUps);
  access.audit.operated({ what: 'started' });
  warnOfOpenDoor(config, access.credentials, log);
  warnOfNoRoom(journal, log);
  greet({ ...config, isSecure: tls !== null }, server.port, { store, gateway: gateway?.status ?? null }, say);

  return {
    async stop(hurry) {
      running.isLeaving = true;
      await wait(config.leaveMs, undefined, { signal: hurry }).catch(() => undefined);
      await stopServing(parts, server, resolver);
      batches.unsubscribe();
      await lock.release();
    },
  };
}

async function stopServing(parts: Parts, server: RunningServer, resolver: ParkedResolver): Promise<void> {
  const { intake, replays, writer, forwarder, log } = parts;
  server.stopListening();
  intake.refuse();
  const isSettled = await endsWithin(settleMs, resolver.stop().then(intake.intake.settled));
  if (!isSettled) log.error('the disk does not answer: what waits for it was not acknowledged; this is no clean stop');
  server.closeSockets(1012, 'Sluice is restarting');
  await intake.drain();
  await server.close(requestsGraceMs);
  await replays.stop(insertGraceMs);
  await Promise.all([writer.stop(insertGraceMs), forwarder?.stop(forwardGraceMs)]);
  await closeParts(parts, isSettled);
}

function storeUserOf({ intake, gateway }: OpenedLog, beforeClassChange: () => Promise<void>): StoreUser {
  const { facts } = intake;
  return { facts, beforeClassChange, ...(gateway !== null && { mayMigrate: () => gateway.mayMigrate }) };
}

/** All that is served is over. */
async function closeParts({ intake, access, loopDelay, store }: Parts, isSettled: boolean): Promise<void> {
  await intake.close(isSettled);
  access.close();
  loopDelay.stop();
  await store.close();
}

/** Resolves when it listens. */
function serve(parts: Parts, running: Running): Promise<RunningServer> {
  const { config, tls, intake, store, feeds, keys, counters, serverCounters, loopDelay, log } = parts;
  const { journal } = intake;
  const observed = (): Observation => look(parts, running);
  const statusOf = statusTeller(config, parts.files);
  const filters = createPageFilters(store, { log, counters }, { isReplicated: kindOf(config) === 'replicated' });
  return startServer({
    options: { ...config, tls, historyMaxMs: historyMaxMs(config) },
    credentials: parts.access.credentials,
    allowances: parts.access.allowances,
    audit: parts.access.audit,
    connectionsMax: connectionRoom(config, log),
    descriptorsLeft,
    intake: intake.intake,
    openFeed: feeds.openFeed,
    topics: feeds.topics,
    watchCounts: feeds.liveCounts.watch,
    queries: queriesOf({ store, keys, filters, checkpoint: () => journal.checkpoint }),
    console: loadConsole(join(packageRoot, 'dist', 'web')),
    ready: () => {
      const { isLeaving } = running;
      const check = () => parts.gateway?.notReady ?? journal.check();
      return readiness({ journal: { check }, intake: intake.intake, store: store.status, isLeaving }, observed);
    },
    // A look by a person takes nothing from the next scrape.
    status: () => statusOf(look({ ...parts, loopDelay: { read: loopDelay.peek } }, running)),
    eventsAbove: (seq) => journal.countAbove(seq),
    deadLetter: (eventsMax, { forced }) => listDead(parts.deadLetter, eventsMax, forced),
    replays: parts.replays,
    metrics: () => metricsPage(observed()),
    log,
    counters: serverCounters,
    now: () => new Date(),
  });
}

/** For so long a subscriber can come back to the beginning of its history before retention takes the first of it. */
const resumeMs = 10 * 60 * 1000;

/** How far back a subscriber with positions may start. */
function historyMaxMs(config: Config): number {
  const keptMs = longestRetentionDays(config) * 24 * 60 * 60 * 1000;
  return config.historyMaxMs > 0 ? config.historyMaxMs : keptMs - resumeMs;
}

function look(parts: Omit<Parts, 'loopDelay'> & Pick<ObservedParts, 'loopDelay'>, { server }: Running): Observation {
  const { intake, store, writer, feeds, forwarder, counters, serverCounters, loopDelay, log } = parts;
  return observe({
    journal: intake.journal,
    gateway: parts.gateway?.status ?? null,
    live: intake.live,
    store: store.status,
    statements: store.statements,
    epochBook: writer.book,
    parked: intake.parked,
    fanOut: feeds.fanOut,
    load: server?.subscriberLoad() ?? noLoad,
    pages: feeds.pages,
    filters: feeds.filters,
    liveCounts: feeds.liveCounts,
    countBudget: feeds.countBudget,
    counters,
    serverCounters,
    forwarder: forwarder?.status ?? null,
    usages: parts.access.allowances.usages,
    loopDelay,
    logLosses: lossesOf(log),
    auditLosses: parts.access.audit.losses,
    nowMs: Date.now(),
  });
}
