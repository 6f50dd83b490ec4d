/**
 * A thousand subscribers with a filter each, one match an event: every frame goes to one socket by itself. What such a
 * delivery costs, bare uWebSockets.js says in turns with Sluice: the same events with and without subscribers. What
 * Sluice takes beyond it is what its matching and framing take.
 */
import { withBare } from '../peers/bare.ts';
import { median, round } from '../target.ts';
import { type OwnServer, withServer } from './own-server.ts';
import { measure } from './spread.ts';

const rounds = 3;
const drive = { seconds: 4, burst: 20, everyMs: 5 };

export function loneDeliveries(root: string): Promise<object> {
  return withServer(root, {}, (sluice) => withBare(root, (bare) => inTurns(sluice, bare)));
}

async function inTurns(sluice: OwnServer, bare: OwnServer): Promise<object> {
  const micros: Record<string, number[]> = { bareNobody: [], bareOwn: [], sluiceNobody: [], sluiceOwn: [] };
  const note = async (name: string, server: OwnServer, subscribers: number): Promise<void> => {
    const filter = subscribers === 0 ? ('one' as const) : ('own' as const);
    const { microsPerEvent, missing } = await measure(server, { name, filter, subscribers, drive });
    if (missing !== 0) throw new Error(`${name}: ${missing} missing`);
    micros[name]?.push(microsPerEvent ?? Number.NaN);
  };
  for (let nth = 0; nth < rounds; nth += 1) {
    await note('bareNobody', bare, 0);
    await note('sluiceNobody', sluice, 0);
    await note('bareOwn', bare, 1_000);
    await note('sluiceOwn', sluice, 1_000);
  }
  const typical = (name: string): number => median(micros[name] ?? []);
  const delivery = typical('bareOwn') - typical('bareNobody');
  const withSubscribers = typical('sluiceOwn') - typical('sluiceNobody');
  return {
    eachMicrosPerEvent: micros,
    deliveryMicros: round(delivery),
    sluiceMicros: round(withSubscribers),
    microsBeyondDelivery: round(withSubscribers - delivery),
  };
}
