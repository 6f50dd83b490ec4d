/**
 * What several gateways of one log cost beside one Sluice, in one run and in turns: CPU of an event at the gateway that
 * takes it and at one that follows, in blocks of 256 rows; and of a delivery where the same subscribers are spread over
 * more and more gateways.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { median, round } from '../target.ts';
import { costOfDeliveries, deliveryLoad, subscribers } from './gateway-deliveries.ts';
import { costOfLoad, cpuOf, eventBytes, GatewayWorld, type SteadyLoad, saysOf } from './gateway-world.ts';

const turns = 4;
const seconds = 5;
const burst = 256;
const rates = [1_000, 5_000, 10_000];
const idleSeconds = 5;

export async function gateways(root: string): Promise<object> {
  const world = await GatewayWorld.open(root, 2);
  try {
    await warmUp(world);
    const idle = await costOfIdling(world);
    const events: Record<string, object> = {};
    for (const rate of rates) {
      events[`${rate} a second`] = await costOfEvents(world, { rate, seconds, burst });
      process.stderr.write(`${rate} a second: ${JSON.stringify(events[`${rate} a second`])}\n`);
    }
    await world.grow(4);
    const nats = await costOfNats(world);
    const deliveries = await costOfDeliveries(world, 3);
    const load = { seconds, turns, eventBytes, burst };
    return { ...load, idle, events, natsOfFour: nats, subscribers, deliveryLoad, deliveries };
  } finally {
    await world.close();
  }
}

/** What V8 has not compiled yet would be most of the figure. */
async function warmUp({ single, gateways: [writer, other] }: GatewayWorld): Promise<void> {
  for (const server of [single, writer, other]) {
    if (server !== undefined) await costOfLoad(server, { rate: 5_000, seconds, burst }, [server]);
  }
}

/** Figures by name, of which the medians are wanted. */
class Turns {
  readonly #found = new Map<string, number[]>();

  note(name: string, value: number | undefined): void {
    this.#found.set(name, [...(this.#found.get(name) ?? []), value ?? Number.NaN]);
  }

  get medians(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#found].map(([name, all]) => [name, round(median(all))]));
  }

  /** Of each turn to another figure of the same turn: the median, the smallest and the largest. */
  ratio(name: string, to: string): { readonly median: number; readonly turns: readonly number[] } {
    const base = this.#found.get(to) ?? [];
    const all = (this.#found.get(name) ?? []).map((value, nth) => value / (base[nth] ?? Number.NaN));
    return { median: round(median(all)), turns: all.sort((one, other) => one - other).map((ratio) => round(ratio)) };
  }
}

const single = 'one Sluice';
const ofGateways = ['takes and writes', 'takes', 'follows', 'follows and writes'];

/** In each turn a load to one Sluice, one to the gateway that writes, one to another; µs of CPU an event. */
async function costOfEvents(world: GatewayWorld, load: SteadyLoad): Promise<object> {
  const [writer, other] = world.gateways;
  if (writer === undefined || other === undefined) throw new Error('there are gateways');
  const found = new Turns();
  const alone = async (): Promise<void> =>
    found.note(single, (await costOfLoad(world.single, load, [world.single])).micros[0]);
  const shared = async (): Promise<void> => {
    const { gateway } = await saysOf(other.url);
    const first = await costOfLoad(writer, load, [writer, other]);
    found.note('takes and writes', first.micros[0]);
    found.note('follows', first.micros[1]);
    const second = await costOfLoad(other, load, [writer, other]);
    found.note('follows and writes', second.micros[0]);
    found.note('takes', second.micros[1]);
    const blocks = ((await saysOf(other.url)).gateway?.applied ?? 0) - (gateway?.applied ?? 0);
    found.note('rows of a block', (first.sent + second.sent) / blocks);
  };
  for (let turn = 0; turn < turns; turn += 1) {
    for (const work of turn % 2 === 0 ? [alone, shared] : [shared, alone]) await work();
  }
  const { 'rows of a block': rowsOfBlock, ...micros } = found.medians;
  const ratios = ofGateways.map((name) => [name, found.ratio(name, single).median]);
  const ofTurns = ofGateways.map((name) => [name, found.ratio(name, single).turns]);
  return { micros, ratios: Object.fromEntries(ratios), ofTurns: Object.fromEntries(ofTurns), rowsOfBlock };
}

/** µs of CPU a second of each that has nothing to do. */
async function costOfIdling({ single, gateways: [writer, other] }: GatewayWorld): Promise<object> {
  const all = [single, writer, other].map((server) => server?.pid ?? 0);
  await wait(2_000);
  const before = all.map(cpuOf);
  await wait(idleSeconds * 1000);
  const [alone, writes, follows] = all.map((pid, nth) =>
    Math.round(((cpuOf(pid) - (before[nth] ?? 0)) * 1e6) / idleSeconds),
  );
  return { 'one Sluice': alone, writes, follows };
}

/** µs of CPU an event of the server that all four gateways follow. */
async function costOfNats({ gateways: [writer], nats }: GatewayWorld): Promise<number> {
  if (writer === undefined) throw new Error('there are gateways');
  const all: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    all.push((await costOfLoad(writer, { rate: 5_000, seconds, burst }, [nats])).micros[0] ?? Number.NaN);
    await wait(1_000);
  }
  return round(median(all));
}
