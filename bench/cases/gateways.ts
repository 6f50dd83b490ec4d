/**
 * What several gateways of one log cost beside one Sluice, in one run and in turns, on one NATS server and one
 * ClickHouse that all share: CPU of an event at the gateway that takes it and at one that follows, and of a delivery
 * where the same subscribers are spread over more and more gateways.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { installNats, launchNats, type NatsProcess } from '../../support/peers/nats-server.ts';
import type { ServerProcess } from '../../support/peers/server-process.ts';
import { launchSluice } from '../../support/peers/sluice.ts';
import { type PrefixProxy, startPrefixProxy } from '../../support/prefix-proxy.ts';
import { startLoad } from '../load/load-maker.ts';
import type { ProduceReport } from '../load/produce.ts';
import type { SubscribeReport } from '../load/subscribe.ts';
import { processCpuSeconds } from '../machine.ts';
import { freshNames, median, round } from '../target.ts';

/** Of a load, and of subscribers. */
const seconds = 4;
const turns = 3;
const rates = [5_000];
const eventBytes = 1_100;
const subscribers = 48;
const deliveredRate = 250;
const loadMs = 120_000;
const startMs = 60_000;

interface World {
  readonly root: string;
  readonly clickhouse: TestStore;
  readonly proxy: PrefixProxy;
  readonly nats: NatsProcess;
  readonly single: ServerProcess;
  /** The first one writes into ClickHouse. */
  readonly gateways: readonly ServerProcess[];
}

export async function gateways(root: string): Promise<object> {
  const world = await open(root, 4);
  try {
    const events: Record<string, object> = {};
    for (const rate of rates) events[`${rate} a second`] = await costOfEvents(world, rate);
    const deliveries: Record<string, number> = {};
    for (const count of [0, 2, 3, 4]) {
      const readers = count === 0 ? [world.single] : world.gateways.slice(0, count);
      const name = count === 0 ? 'one Sluice' : `${count} gateways`;
      deliveries[name] = await middle(() => costOfDeliveries(readers));
    }
    return { seconds, turns, eventBytes, pingEvery: 256, events, subscribers, deliveredRate, deliveries };
  } finally {
    await close(world);
  }
}

async function open(root: string, count: number): Promise<World> {
  const installed = await installNats(root);
  if (!installed.found) throw new Error(installed.sentence);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-gateways-'));
  const clickhouse = await startTestStore();
  const nats = await launchNats(installed.folder, { directory: join(folder, 'nats') });
  const { url, pathname, username, password } = await clickhouse.endpoint();
  const proxy = await startPrefixProxy(url, pathname);
  const start = (id: string, database: string, env: Record<string, string>): Promise<ServerProcess> => {
    const store = `http://${username}:${encodeURIComponent(password)}@127.0.0.1:${proxy.port}/${database}`;
    const own = {
      SLUICE_LOG_LEVEL: 'warn',
      SLUICE_SIGNING_KEY: 'of all gateways of the bench',
      CLICKHOUSE_URL: store,
      ...env,
    };
    return launchSluice({ root, dataDir: join(folder, id), env: own });
  };
  const started: ServerProcess[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    const id = `g${nth}`;
    started.push(await start(id, 'shared', { SLUICE_LOG: nats.url, SLUICE_GATEWAY_ID: id }));
  }
  return {
    ...{ root: folder, clickhouse, proxy, nats },
    single: await start('single', 'single', {}),
    gateways: started,
  };
}

async function close({ single, gateways: started, proxy, clickhouse, nats, root }: World): Promise<void> {
  await Promise.all([single, ...started].map((server) => server.stop()));
  proxy.close();
  await clickhouse.stop();
  await nats.kill();
  rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/** In each turn a load to one Sluice, one to the gateway that writes, one to another; µs of CPU an event. */
async function costOfEvents({ single, gateways: [writer, other], nats }: World, rate: number): Promise<object> {
  if (writer === undefined || other === undefined) throw new Error('there are gateways');
  const found: Record<string, number[]> = {};
  const note = (name: string, value: number): void => {
    found[name] = [...(found[name] ?? []), value];
  };
  for (let turn = 0; turn < turns; turn += 1) {
    note('one Sluice', (await load(single, rate, [single]))[0] ?? Number.NaN);
    const [taking, following, server] = await load(writer, rate, [writer, other, nats]);
    note('takes and writes', taking ?? Number.NaN);
    note('follows', following ?? Number.NaN);
    note('NATS server, four gateways', server ?? Number.NaN);
    const [writing, takes] = await load(other, rate, [writer, other]);
    note('takes', takes ?? Number.NaN);
    note('follows and writes', writing ?? Number.NaN);
  }
  const micros = Object.fromEntries(Object.entries(found).map(([name, all]) => [name, round(median(all))]));
  const base = micros['one Sluice'] ?? Number.NaN;
  const ratio = (name: string): number => round((micros[name] ?? Number.NaN) / base);
  const ratios = ['takes and writes', 'takes', 'follows', 'follows and writes'].map((name) => [name, ratio(name)]);
  return { micros, ratios: Object.fromEntries(ratios) };
}

/** µs of CPU an event, of each of these processes, until all is in ClickHouse. */
async function load(taking: ServerProcess, rate: number, measured: readonly ServerProcess[]): Promise<number[]> {
  const before = measured.map(({ pid }) => cpuOf(pid));
  const shape = { eventBytes, seconds, rate, pingEvery: 256, pingsMax: 100 };
  const { sent } = await startLoad<ProduceReport>('produce', { url: taking.url, ...freshNames(), ...shape }, loadMs)
    .finished;
  await drained(measured.filter(({ url }) => url.startsWith('http')));
  return measured.map(({ pid }, nth) => ((cpuOf(pid) - (before[nth] ?? 0)) * 1e6) / sent);
}

/** µs of CPU of all readers together, a delivery. The load goes to the first; what it costs alone is in it. */
async function costOfDeliveries(readers: readonly ServerProcess[]): Promise<number> {
  const [first] = readers;
  if (first === undefined) throw new Error('there are readers');
  const names = freshNames();
  const eventsMax = deliveredRate * seconds;
  const shape = { subscribers: subscribers / readers.length, joinWithinMs: 0, eventsMax, quietMs: 10_000 };
  const since = new Date(Date.now() - 60_000).toISOString();
  const watching = readers.map(({ url }) =>
    startLoad<SubscribeReport>('subscribe', { url, ...names, ...shape, since }, loadMs),
  );
  await Promise.all(watching.map(({ ready }) => ready));
  await wait(500);
  const before = readers.map(({ pid }) => cpuOf(pid));
  const produced = { eventBytes, seconds, rate: deliveredRate, eventsMax, pingEvery: 256, pingsMax: 100 };
  const { sent } = await startLoad<ProduceReport>('produce', { url: first.url, ...names, ...produced }, loadMs)
    .finished;
  for (const { tell } of watching) tell({ events: sent });
  const reports = await Promise.all(watching.map(({ finished }) => finished));
  const spent = readers.reduce((sum, { pid }, nth) => sum + cpuOf(pid) - (before[nth] ?? 0), 0);
  const missing = reports.flatMap((report) => report.subscribers).reduce((sum, each) => sum + each.missing, 0);
  if (missing > 0) throw new Error(`${missing} deliveries did not come`);
  return (spent * 1e6) / reports.reduce((sum, report) => sum + report.deliveries, 0);
}

async function middle(work: () => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) all.push(await work());
  return round(median(all));
}

async function drained(servers: readonly ServerProcess[]): Promise<void> {
  const deadline = performance.now() + startMs;
  for (const { url } of servers) {
    for (;;) {
      const { pending } = (await (await fetch(`${url}/api/ready?verbose=1`)).json()) as { pending: number }; // its own
      if (pending === 0) break;
      if (performance.now() > deadline) throw new Error('it is not in ClickHouse in time');
      await wait(50);
    }
  }
}

function cpuOf(pid: number): number {
  return processCpuSeconds(pid) ?? Number.NaN;
}
