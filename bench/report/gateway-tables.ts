/**
 * Tables of docs/COST-MODEL.md about gateways beside one Sluice: what an event and a delivery cost, and where the time
 * of a gateway that follows goes.
 */
import { at, entriesOf, itemsOf, numberAt } from './read-json.ts';
import type { Row } from './rows.ts';

interface Held {
  readonly [key: string]: unknown;
}

/** µs of an event on one Sluice, and of gateways how many times that, at each rate. */
export function eventRows(results: readonly Held[]): readonly Row[] {
  return entriesOf(at(newest(results, 'gateways'), 'events')).map(([rate, found]) => ({
    events: rate,
    'one Sluice, µs': numberAt(found, 'micros', 'one Sluice') ?? '',
    'follows, µs': numberAt(found, 'micros', 'follows') ?? '',
    'follows, times': numberAt(found, 'ratios', 'follows') ?? '',
    'follows and writes': numberAt(found, 'ratios', 'follows and writes') ?? '',
    takes: numberAt(found, 'ratios', 'takes') ?? '',
    'takes and writes': numberAt(found, 'ratios', 'takes and writes') ?? '',
    'of the turns, follows': itemsOf(at(found, 'ofTurns', 'follows')).join(', '),
    'rows of a block': numberAt(found, 'rowsOfBlock') ?? '',
  }));
}

export function deliveryRows(results: readonly Held[]): readonly Row[] {
  return entriesOf(at(newest(results, 'gateways'), 'deliveries')).map(([servers, found]) => ({
    servers,
    'µs a delivery': numberAt(found, 'microsPerDelivery') ?? '',
    'of the turns': itemsOf(at(found, 'ofTurns')).join(', '),
    'an event without subscribers, on all together, µs': numberAt(found, 'microsPerEventWithoutSubscribers') ?? '',
  }));
}

export function profileRows(results: readonly Held[]): readonly Row[] {
  return entriesOf(at(newest(results, 'gateway-profile'), 'micros')).map(([what, value]) => ({
    what,
    'µs an event': typeof value === 'number' ? value : '',
  }));
}

/** µs a second. */
export function idleText(results: readonly Held[]): string {
  const idle = at(newest(results, 'gateways'), 'idle');
  const ms = (name: string): string => ((numberAt(idle, name) ?? Number.NaN) / 1000).toFixed(1);
  return `one Sluice ${ms('one Sluice')} ms of CPU a second, a gateway ${ms('follows')}`;
}

function newest(results: readonly Held[], key: string): unknown {
  return results.find((result) => key in result)?.[key];
}
