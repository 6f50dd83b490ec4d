/**
 * Puts the parts together, in the order in which an event meets them, and takes them down in reverse (I1, I9): the journal
 * is open before the port is, and the port before ClickHouse answers.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { armFailPoint } from '../base/fail-point.ts';
import { openKeys } from '../base/keys.ts';
import { type Log, lossesOf } from '../base/log.ts';
import { createCounters } from '../base/metrics.ts';
import { leastRetentionDays } from '../base/retention.ts';
import { QuerySlots } from '../clickhouse/query-slots.ts';
import type { Store } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import { eventReader } from '../feed/event-reader.ts';
import { createFanOut } from '../feed/fan-out.ts';
import { createHeldFilters } from '../feed/held-filters.ts';
import { createOpenFeed } from '../feed/open-feed.ts';
import { createPageBudget } from '../feed/page-budget.ts';
import type { Publish } from '../feed/ports.ts';
import { FilterIndex } from '../filter/filter-index.ts';
import { createHistoryReader, type HistoryReader } from '../history/history.ts';
import { parsePlace } from '../history/position.ts';
import { startParkedResolver } from '../ingest/resolve-parked.ts';
import { thisMachine } from '../journal/journal-options.ts';
import { acquireLock } from '../journal/lock.ts';
import { countEvents } from '../query/count-events.ts';
import { exportEvents } from '../query/export-events.ts';
import { createPageFilters } from '../query/page-filters.ts';
import { type PageParts, readFirstPage, readNextPage } from '../query/read-page.ts';
import { createServerCounters } from '../server/counters.ts';
import type { Queries } from '../server/parts.ts';
import { startServer } from '../server/start-server.ts';
import { noLoad, type SubscriberLoad } from '../server/subscriber-load.ts';
import { openDeadLetter } from '../table-writer/dead-letter.ts';
import { openWriterState } from '../table-writer/open-writer-state.ts';
import { reconcile } from '../table-writer/reconcile.ts';
import { settledOf } from '../table-writer/stored-of.ts';
import { startTableWriter } from '../table-writer/table-writer.ts';
import type { WriterState } from '../table-writer/writer-state.ts';
import { connectStore } from './connect-store.ts';
import { descriptorFacts, descriptorRoom, descriptorsLeft, descriptorWarnings } from './descriptors.ts';
import { endsWithin } from './ends-within.ts';
import { metricsPage } from './metrics-page.ts';
import { observe, startLoopDelay } from './observe.ts';
import { openIntake } from './open-intake.ts';
import { readiness } from './readiness.ts';

export interface RunningSluice {
  /**
   * Is not ready any more and serves on for `leaveMs`, or until `hurry` aborts; then stops accepting, commits, closes sockets with 1012
   * and stops the engine. That ends within 10 s, also with the store down.
   */
  stop(hurry: AbortSignal): Promise<void>;
}

const feedOptions = { sliceBytesMax: 256 * 1024, holdMs: 1_000 };
const sweepBytes = 256 * 1024;
/** Of the disk at the stop. */
const settleMs = 3_000;
const exportsMax = 4;
const requestsGraceMs = 1_000;
const insertGraceMs = 1_500;

/** Starts everything and resolves when Sluice listens; `say` tells a person what a start is worth knowing. Throws StartRefused. */
export async function startSluice(config: Config, log: Log, say: (line: string) => void): Promise<RunningSluice> {
  armFailPoint(config.failPoint);
  const lock = await acquireLock(config.dataDir);
  const counters = createCounters();
  const serverCounters = createServerCounters();
  const machine = thisMachine(config.durableCopy);
  const keys = openKeys(config.dataDir, config.signingKey, machine.files);
  const hasSubscribers = (): boolean => fanOut.topicCount > 0;
  const intake = await openIntake(config, machine, counters, () => store.status, log, hasSubscribers);
  const { journal, live, stateStore } = intake;
  const store: Store = connectStore(config, intake.facts, log);

  let isLeaving = false;
  let publish: Publish = () => undefined;
  let load: () => SubscriberLoad = () => noLoad;
  const loopDelay = startLoopDelay();
  const look = () =>
    observe({
      journal,
      live,
      store: store.status,
      statements: store.statements,
      epochBook: writer.book,
      parked: intake.parked,
      fanOut,
      load: load(),
      pages,
      filters,
      counters,
      serverCounters,
      loopDelay,
      logLosses: lossesOf(log),
      nowMs: Date.now(),
    });
  const fanOut = createFanOut(
    new FilterIndex(),
    (topic, frame) => publish(topic, frame),
    {
      bufferBytesMax: config.subscriberBufferBytesMax,
      sweepBytes,
    },
    counters,
  );
  const pages = createPageBudget(config.backfillBytesMax);
  const filters = createHeldFilters(config.filtersBytesMax);
  const history = createHistoryReader(store, {
    retentionDays: leastRetentionDays(config),
    elapsedMs: () => performance.now(),
  });
  const openFeed = createOpenFeed({
    journal: eventReader(journal),
    live,
    fanOut,
    history,
    keys,
    store: {
      async whenReady(signal) {
        await store.whenReady(signal);
        await writer.whenCertain(signal);
      },
    },
    pages,
    filters,
    options: { ...feedOptions, bufferBytesMax: config.subscriberBufferBytesMax },
    counters,
    log,
  });
  const server = await startServer({
    options: config,
    connectionsMax: connectionRoom(config, log),
    descriptorsLeft,
    intake: intake.intake,
    openFeed,
    queries: queriesOf(
      {
        store,
        keys,
        filters: createPageFilters(store, { log, counters }, { isCluster: config.clickhouseCluster !== null }),
        checkpoint: () => journal.checkpoint,
      },
      history,
    ),
    ready: () => readiness({ journal, intake: intake.intake, store: store.status, isLeaving }, look),
    metrics: () => metricsPage(look()),
    log,
    counters: serverCounters,
    now: () => new Date(),
  });
  publish = server.publish;
  load = server.subscriberLoad;
  const deadLetter = openDeadLetter(config.dataDir, machine.files);
  const writer = startTableWriter({
    journal,
    live,
    store,
    state: await openWriterState(stateStore, journal, deadLetter),
    stateStore,
    keepIds: intake.ids.keepIds,
    deadLetter,
    settledOf: (epoch, range) => settledOf(store, epoch, range),
    ...(intake.isInDoubt && {
      reconcile: (state: WriterState) => reconcile({ journal, store, deadLetter, ids: intake.ids, log }, state),
    }),
    options: { rowsMax: config.batchRowsMax, bytesMax: config.batchBytesMax, flushMs: config.flushMs },
    counters,
    log,
  });
  const resolver = startParkedResolver({
    parked: intake.parked,
    window: intake.ids.window,
    unpark: intake.intake.unpark,
    store,
    pause: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
    log,
  });
  const batches = live.batches$.subscribe((batch) => {
    fanOut.flush(batch);
    writer.wake();
  });
  warnOfOpenDoor(config, log);
  greet(config, server.port, store, say);

  return {
    async stop(hurry) {
      isLeaving = true;
      await wait(config.leaveMs, undefined, { signal: hurry }).catch(() => undefined);
      server.stopListening();
      intake.refuse();
      const isSettled = await endsWithin(settleMs, resolver.stop().then(intake.intake.settled));
      if (!isSettled)
        log.error('the disk does not answer: what waits for it was not acknowledged; this is no clean stop');
      server.closeSockets(1012, 'Sluice is restarting');
      await server.close(requestsGraceMs);
      await writer.stop(insertGraceMs);
      batches.unsubscribe();
      // It would wait for the same disk. The next start finds what a kill leaves.
      if (isSettled) journal.close();
      intake.ids.close();
      loopDelay.stop();
      await store.close();
      await lock.release();
    },
  };
}

function queriesOf(parts: PageParts & { readonly store: Store }, history: HistoryReader): Queries {
  const slots = new QuerySlots(exportsMax);
  const told = (taken: (bytes: number) => void): Pick<Store, 'rows'> => ({
    rows: (sql, bound, options) => parts.store.rows(sql, bound, { ...options, taken }),
  });
  const exports = { ...parts, slots, readPage: history.byOccurred, parsePlace };
  return {
    readFirstPage: (request, signal, taken) => readFirstPage({ ...parts, store: told(taken) }, request, signal),
    readNextPage: (token, signal, taken) => readNextPage({ ...parts, store: told(taken) }, token, signal),
    countEvents: (request, signal) => countEvents(parts, request, signal),
    exportEvents: (request, signal) => exportEvents(exports, request, signal),
  };
}

/** As late as can be: what is open by then is no connection's. */
function connectionRoom({ socketsMax, clickhouseUrl }: Config, log: Log): number {
  const room = descriptorRoom(descriptorFacts());
  for (const sentence of descriptorWarnings(room, { socketsMax, hasEngine: clickhouseUrl === null }))
    log.warn(sentence);
  return room?.connectionsMax ?? Number.POSITIVE_INFINITY;
}

function warnOfOpenDoor({ host, authString }: Config, log: Log): void {
  const isLoopback = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (isLoopback || authString !== null) return;
  log.warn({ host }, 'everybody who reaches this address can send and read events: set SLUICE_AUTH_STRING');
}

function greet(config: Config, port: number, store: Store, say: (line: string) => void): void {
  const address = `${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  say(`Sluice is listening on http://${address}`);
  say(`  send events:  POST http://${address}/api/events   or  ws://${address}/api/events/in`);
  say(`  subscribe:    ws://${address}/api/events/out`);
  say(`  Prefect:      PREFECT_API_URL=http://${address}/api`);
  say(`  store:        ${store.status.where}; events are taken while it starts`);
  const watch = store.status$.subscribe(({ phase, version }) => {
    if (phase !== 'ready') return;
    say(`  store ready:  ClickHouse ${version}; queries and counts are answered`);
    queueMicrotask(() => watch.unsubscribe());
  });
}
