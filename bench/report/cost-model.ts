/**
 * docs/COST-MODEL.md: how many gateways, NATS servers and ClickHouse cores a load takes, from measured µs and bytes.
 */
import { at, numberAt } from './read-json.ts';
import type { Row } from './rows.ts';

/** What an event or a delivery takes. µs are of CPU; of NATS those of one server with four gateways. */
export interface Costs {
  readonly single: number;
  readonly takes: number;
  readonly follows: number;
  /** What the gateway that writes into ClickHouse has beside. */
  readonly writes: number;
  readonly delivery: number;
  readonly nats: number;
  readonly engine: number;
  readonly eventBytes: number;
  readonly storedBytes: number;
}

export interface Load {
  readonly eventsPerSecond: number;
  readonly deliveriesPerSecond: number;
}

export interface Machines {
  /** Streams, each with gateways, a writer and an order of its own. */
  readonly partitions: number;
  readonly gateways: number;
  readonly natsServers: number;
  readonly clickHouseCores: number;
}

/** Of a core's µs in a second: the rest is for peaks, and for what a dead neighbour leaves. */
const usedMicros = 600_000;
/** So that one may die, and NATS has a majority. */
const leastServers = 3;
/** Of what a stream can carry at most: behind it each more gateway brings little. */
const usedShare = 0.7;

/** Events a second that one Sluice can take, with nobody who reads. */
export function singleMax({ single }: Costs): number {
  return usedMicros / single;
}

/** Events a second that one stream can carry, however many gateways there are: each of them applies all. */
export function streamMax({ follows, writes }: Costs): number {
  return usedMicros / (follows + writes);
}

export function machinesFor(costs: Costs, { eventsPerSecond, deliveriesPerSecond }: Load): Machines {
  const partitions = Math.max(1, Math.ceil(eventsPerSecond / (usedShare * streamMax(costs))));
  const events = eventsPerSecond / partitions;
  const deliveries = deliveriesPerSecond / partitions;
  let each = leastServers;
  while (busiest(costs, events, deliveries, each) > usedMicros) each += 1;
  const natsEach = Math.max(leastServers, Math.ceil((events * costs.nats) / usedMicros));
  return {
    partitions,
    gateways: partitions * each,
    natsServers: partitions * natsEach,
    clickHouseCores: Math.ceil((eventsPerSecond * costs.engine) / usedMicros),
  };
}

/** µs a second of the gateway that also writes. */
function busiest(
  { takes, follows, writes, delivery }: Costs,
  events: number,
  deliveries: number,
  gateways: number,
): number {
  const taken = events / gateways;
  return taken * takes + (events - taken) * follows + events * writes + (deliveries / gateways) * delivery;
}

interface Held {
  readonly file: string;
  readonly [key: string]: unknown;
}

/** From the newest result that holds each; null if one is missing. */
export function costsOf(results: readonly Held[]): { readonly costs: Costs; readonly files: readonly string[] } | null {
  const files = new Set<string>();
  const find = (...path: readonly string[]): number => {
    const held = results.find((result) => numberAt(result, ...path) !== null);
    if (held !== undefined) files.add(held.file);
    return held === undefined ? Number.NaN : (numberAt(held, ...path) ?? Number.NaN);
  };
  const micros = ['gateways', 'events', '5000 a second', 'micros'];
  const takes = find(...micros, 'takes');
  const stored = find('scale', 'loaded', 'bytesOnDisk') / find('scale', 'loaded', 'set', 'events');
  const costs: Costs = {
    single: find(...micros, 'one Sluice'),
    takes,
    follows: find(...micros, 'follows'),
    writes: find(...micros, 'takes and writes') - takes,
    delivery: find('turns', 'figures', 'delivery to one of 200', 'newMicros'),
    nats: find('gateways', 'natsOfFour'),
    engine: find('engine-cpu', 'engineMicrosPerEvent'),
    eventBytes: find('gateways', 'eventBytes'),
    storedBytes: Math.round(stored),
  };
  return Object.values(costs).every((cost) => cost > 0) ? { costs, files: [...files] } : null;
}

/** Measured, as the page has them. */
export function measuredRows(costs: Costs, results: readonly Held[]): readonly Row[] {
  const ratios = at(
    results.find((result) => 'gateways' in result) ?? {},
    'gateways',
    'events',
    '5000 a second',
    'ratios',
  );
  const row = (what: string, value: number, of = ''): Row => ({
    what,
    value: Number(value.toFixed(1)),
    'times a single Sluice': numberAt(ratios, of) ?? '',
  });
  return [
    row('an event on a single Sluice, its table writer included (µs)', costs.single),
    row('an event on the gateway that takes it (µs)', costs.takes, 'takes'),
    row('an event on each other gateway (µs)', costs.follows, 'follows'),
    row('an event on the gateway that writes, beside that (µs)', costs.writes),
    row('an event in a NATS server with four gateways (µs)', costs.nats),
    row('an event in ClickHouse, its merges included (µs)', costs.engine),
    row('a delivery (µs)', costs.delivery),
    row('an event on the wire, and in each replica of the stream (bytes)', costs.eventBytes),
    row('an event in ClickHouse, of hundred million (bytes)', costs.storedBytes),
  ];
}

/** Events a second, subscribers, and of how many events each sees one. */
const loads = [
  [1_000, 100, 10],
  [5_000, 1_000, 100],
  [10_000, 10_000, 1_000],
  [50_000, 10_000, 1_000],
  [200_000, 50_000, 10_000],
  [1_000_000, 100_000, 10_000],
] as const;

export function modelRows(costs: Costs): readonly Row[] {
  return loads.map(([eventsPerSecond, subscribers, oneOf]) => {
    const deliveriesPerSecond = (eventsPerSecond * subscribers) / oneOf;
    const machines = machinesFor(costs, { eventsPerSecond, deliveriesPerSecond });
    return {
      'events/s': eventsPerSecond,
      subscribers,
      'deliveries/s': deliveriesPerSecond,
      streams: machines.partitions,
      gateways: machines.gateways,
      'NATS servers': machines.natsServers,
      'ClickHouse cores': machines.clickHouseCores,
      'GB a day in ClickHouse': Math.round((eventsPerSecond * 86_400 * costs.storedBytes) / 1e9),
      'MB/s into each NATS server': Math.round(((eventsPerSecond / machines.partitions) * costs.eventBytes) / 1e6),
    };
  });
}
