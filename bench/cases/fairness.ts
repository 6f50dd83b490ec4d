/**
 * One producer of 100 events a second that pings after each, alone and beside one that floods, in turns: one at full
 * speed must not make the other wait. The engine stands still, so that it takes no part of the machine's cores. The
 * bare server of the ceilings has the same turns: what it makes a ping wait is the machine's and the library's part.
 */
import type { Latency } from '../load/histogram.ts';
import { startLoad } from '../load/load-maker.ts';
import type { PingEachReport } from '../load/ping-each.ts';
import type { ProduceReport } from '../load/produce.ts';
import { withBare } from '../peers/bare.ts';
import { freshNames, loadOptions, median, round } from '../target.ts';
import { type OwnServer, untilDrained, withEngineStopped, withServer } from './own-server.ts';

const seconds = 4;
const turns = 5;
const deadlineMs = 60_000;
const eventBytes = 1_100;
const quiet = { eventBytes, producers: 1, seconds, rate: 100 };
const flood = { eventBytes, seconds: seconds + 2, rate: null, pingEvery: 700, pingsMax: 8 };

interface Turn {
  /** From when an event was due to its pong. */
  readonly pongs: Latency;
  readonly floodPerSecond: number;
}

interface Side {
  readonly server: OwnServer;
  readonly alone: Turn[];
  readonly beside: Turn[];
}

export async function fairness(root: string): Promise<object> {
  return withServer(root, {}, (server) =>
    withBare(root, async (bare) => {
      const sides = [server, bare].map((one): Side => ({ server: one, alone: [], beside: [] }));
      for (const side of sides) await measure(side.server, true);
      for (let nth = 0; nth < turns; nth += 1) {
        for (const side of sides) {
          side.alone.push(await measure(side.server, false));
          side.beside.push(await measure(side.server, true));
        }
      }
      const [sluice, ceiling] = sides.map(summaryOf);
      return { turns, seconds, ...sluice, bare: ceiling };
    }),
  );
}

function summaryOf({ alone, beside }: Side): object {
  const ratios = beside.map((turn, nth) => turn.pongs.p99 / (alone[nth]?.pongs.p99 ?? Number.NaN));
  return {
    aloneMs: of(alone),
    besideAFloodMs: of(beside),
    floodPerSecond: Math.round(median(beside.map(({ floodPerSecond }) => floodPerSecond))),
    p99Ratio: round(median(ratios), 2),
    p99Ratios: ratios.map((ratio) => round(ratio, 2)),
  };
}

async function measure(server: OwnServer, isBesideAFlood: boolean): Promise<Turn> {
  const work = (): Promise<Turn> => ping(server, isBesideAFlood);
  const turn = await (server.enginePid === null ? work() : withEngineStopped(server, work));
  await untilDrained(server);
  return turn;
}

async function ping(server: OwnServer, isBesideAFlood: boolean): Promise<Turn> {
  const options = { ...loadOptions(server), ...freshNames() };
  const other = isBesideAFlood
    ? startLoad<ProduceReport>('produce', { ...options, ...freshNames(), ...flood }, deadlineMs)
    : null;
  await other?.ready;
  const { pongs } = await startLoad<PingEachReport>('ping-each', { ...options, ...quiet }, deadlineMs).finished;
  const flooded = await other?.finished;
  if (pongs === null) throw new Error('No pong was timed');
  return { pongs, floodPerSecond: flooded === undefined ? 0 : flooded.acknowledged / flooded.acknowledgedSeconds };
}

function of(all: readonly Turn[]): { readonly p50: number; readonly p99: number } {
  return {
    p50: round(median(all.map(({ pongs }) => pongs.p50)), 3),
    p99: round(median(all.map(({ pongs }) => pongs.p99)), 3),
  };
}
