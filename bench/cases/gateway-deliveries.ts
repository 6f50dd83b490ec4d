/**
 * What a delivery costs where the same subscribers are spread over more and more gateways: what all of them spend
 * together on a load, less what they spend on the same load when nobody subscribes.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { ServerProcess } from '../../support/peers/server-process.ts';
import { startLoad } from '../load/load-maker.ts';
import type { SubscribeReport } from '../load/subscribe.ts';
import { freshNames, median, round } from '../target.ts';
import { costOfLoad, cpuOf, type GatewayWorld, produce } from './gateway-world.ts';

/** Of all gateways together. */
export const subscribers = 240;
export const deliveryLoad = { rate: 500, seconds: 5, burst: 20 };
const counts = [1, 2, 3, 4];
const loadMs = 120_000;

/** By the number of servers; of one it is one Sluice, and one gateway too. */
export async function costOfDeliveries(world: GatewayWorld, turns: number): Promise<object> {
  const readers: [string, readonly ServerProcess[]][] = [
    ['one Sluice', [world.single]],
    ...counts.map((count): [string, readonly ServerProcess[]] => [
      count === 1 ? '1 gateway' : `${count} gateways`,
      world.gateways.slice(0, count),
    ]),
  ];
  const found = new Map<string, { readonly delivery: number; readonly event: number }[]>();
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [name, servers] of readers) {
      const one = await costOf(servers);
      found.set(name, [...(found.get(name) ?? []), one]);
      process.stderr.write(`deliveries, ${name}: ${JSON.stringify(one)}\n`);
    }
  }
  return Object.fromEntries(
    [...found].map(([name, all]) => [
      name,
      {
        microsPerDelivery: round(median(all.map(({ delivery }) => delivery)), 3),
        ofTurns: all.map(({ delivery }) => round(delivery, 3)),
        microsPerEventWithoutSubscribers: round(median(all.map(({ event }) => event))),
      },
    ]),
  );
}

async function costOf(readers: readonly ServerProcess[]): Promise<{ delivery: number; event: number }> {
  const [first] = readers;
  if (first === undefined) throw new Error('there are readers');
  const quiet = await costOfLoad(first, deliveryLoad, readers);
  const event = quiet.micros.reduce((sum, each) => sum + each, 0);
  const names = freshNames();
  const eventsMax = deliveryLoad.rate * deliveryLoad.seconds;
  const shape = { subscribers: subscribers / readers.length, joinWithinMs: 0, eventsMax, quietMs: 10_000 };
  const since = new Date(Date.now() - 60_000).toISOString();
  const watching = readers.map(({ url }) =>
    startLoad<SubscribeReport>('subscribe', { url, ...names, ...shape, since }, loadMs),
  );
  await Promise.all(watching.map(({ ready }) => ready));
  await wait(1_000);
  const before = readers.map(({ pid }) => cpuOf(pid));
  const sent = await produce(first, deliveryLoad, names);
  for (const { tell } of watching) tell({ events: sent });
  const reports = await Promise.all(watching.map(({ finished }) => finished));
  const spent = readers.reduce((sum, { pid }, nth) => sum + (cpuOf(pid) - (before[nth] ?? 0)) * 1e6, 0);
  const missing = reports.flatMap((report) => report.subscribers).reduce((sum, each) => sum + each.missing, 0);
  if (missing > 0) throw new Error(`${missing} deliveries did not come`);
  const deliveries = reports.reduce((sum, report) => sum + report.deliveries, 0);
  return { delivery: (spent - event * sent) / deliveries, event };
}
