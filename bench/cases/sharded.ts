/**
 * What three shards cost beside one server: of an event, from Sluice and from all engines, and of each question of the
 * case `scale`, asked in turns of both. All engines run on one machine here, so the price shows, and not the gain.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../src/clickhouse/store.ts';
import { testStoreOptions } from '../../support/engine.ts';
import { launchSluice } from '../../support/peers/sluice.ts';
import { openShardStore, sourceOf } from '../../support/shard-store.ts';
import { startShards, type TestShards } from '../../support/shards.ts';
import { type EventSet, rangesOf } from '../load/generate-events.ts';
import { insertRange, keepForDays } from '../load/generate-set.ts';
import { startLoad } from '../load/load-maker.ts';
import type { ProduceReport } from '../load/produce.ts';
import { processCpuSeconds } from '../machine.ts';
import { freshNames, loadOptions, median, round } from '../target.ts';
import { type Line, lineOf } from './line.ts';
import { type OwnServer, untilDrained } from './own-server.ts';
import { checkAnswers, lookup, post, type Question, questionsOf } from './scale.ts';

export interface ShardedOptions {
  readonly events: number;
  readonly rate: number;
  readonly seconds: number;
}

interface Side {
  readonly server: OwnServer;
  readonly shards: TestShards;
  readonly store: Store;
  end(): Promise<void>;
}

const rowsOfInsert = 20_000;
const loadMs = 600_000;
const runs = 15;
const spanSeconds = 7 * 86_400;

export async function sharded(root: string, { events, rate, seconds }: ShardedOptions): Promise<object> {
  const startSeconds = Math.floor(Date.now() / 3_600_000) * 3_600 - spanSeconds;
  const set: EventSet = { events, resources: 5_000, startSeconds, spanSeconds };
  const one = await open(root, 1);
  try {
    const three = await open(root, 3);
    try {
      for (const { store } of [one, three]) await load(store, set);
      const answers = [await checkAnswers(one.server, set), await checkAnswers(three.server, set)];
      const lines = await questionLines(one, three, set);
      const costs = { one: await costOfEvents(one, rate, seconds), three: await costOfEvents(three, rate, seconds) };
      return { events, rate, seconds, answers, lines, costs };
    } finally {
      await three.end();
    }
  } finally {
    await one.end();
  }
}

async function open(root: string, count: number): Promise<Side> {
  const shards = await startShards(count);
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-sharded-'));
  const env: Record<string, string> = {
    CLICKHOUSE_URL: shards.url,
    SLUICE_RETENTION_DAYS: String(keepForDays),
    SLUICE_LOG_LEVEL: 'warn',
    ...(count > 1 && { SLUICE_CLICKHOUSE_CLUSTER: shards.cluster, SLUICE_CLICKHOUSE_DDL: 'direct' }),
  };
  const server = await launchSluice({ root, dataDir, env });
  const limits = { retentionDays: keepForDays, queryMs: loadMs };
  const source = sourceOf(shards.endpoints);
  const store = count > 1 ? openShardStore(shards, limits) : openStore({ ...testStoreOptions, ...limits, source });
  await store.whenReady(AbortSignal.timeout(60_000));
  const target = { name: 'sluice', url: server.url, pid: server.pid, dataDir, isPeer: false, enginePid: null };
  return {
    ...{ server: target, shards, store },
    async end() {
      await store.close();
      await server.stop();
      await shards.stop();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

async function load(store: Store, set: EventSet): Promise<void> {
  for (const range of rangesOf(set, rowsOfInsert)) {
    await insertRange(store, set, range, rowsOfInsert, { distributed_foreground_insert: 1 });
  }
}

/** ms and CPU ms of three shards beside those of one server; CPU is of Sluice and all engines together. */
async function questionLines(one: Side, three: Side, set: EventSet): Promise<Readonly<Record<string, Line>>> {
  const lines: Record<string, Line> = {};
  const all: Record<string, Omit<Question, 'targetMs'>> = questionsOf(set);
  all['id lookup'] = await lookup(one.server, set);
  for (const [name, question] of Object.entries(all)) {
    const [base, value] = await inTurns(one, three, question);
    lines[`${name}: ms`] = lineOf('ms', value.ms, 'one server', base.ms);
    lines[`${name}: CPU ms`] = lineOf('CPU ms', value.cpuMs, 'one server', base.cpuMs);
  }
  return lines;
}

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

async function inTurns(one: Side, three: Side, question: Omit<Question, 'targetMs'>): Promise<[Cost, Cost]> {
  const costs: [Cost[], Cost[]] = [[], []];
  for (let run = -1; run < runs; run += 1) {
    for (const [nth, side] of [one, three].entries()) {
      const before = cpuMsOf(side);
      const { ms } = await post(side.server, question.path, question.body, false);
      // The first of each warms caches.
      if (run >= 0) costs[nth]?.push({ ms, cpuMs: cpuMsOf(side) - before });
    }
  }
  const middle = (all: readonly Cost[]): Cost => ({
    ms: median(all.map(({ ms }) => ms)),
    // The clock of CPU counts in steps of ten ms.
    cpuMs: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / all.length,
  });
  return [middle(costs[0]), middle(costs[1])];
}

function cpuMsOf({ server, shards }: Side): number {
  return 1000 * secondsOf([server.pid, ...shards.pids]);
}

function secondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (processCpuSeconds(pid) ?? Number.NaN), 0);
}

async function costOfEvents({ server, shards }: Side, rate: number, seconds: number): Promise<object> {
  const before = { server: secondsOf([server.pid]), engines: secondsOf(shards.pids) };
  const shape = { eventBytes: 1_100, seconds, rate, pingEvery: 700, pingsMax: 100 };
  const options = { ...loadOptions(server), ...freshNames(), ...shape };
  const { sent } = await startLoad<ProduceReport>('produce', options, seconds * 1000 + 60_000).finished;
  await untilDrained(server);
  const micros = (spent: number): number => round((spent * 1e6) / sent);
  return {
    sent,
    sluiceMicrosPerEvent: micros(secondsOf([server.pid]) - before.server),
    engineMicrosPerEvent: micros(secondsOf(shards.pids) - before.engines),
  };
}
