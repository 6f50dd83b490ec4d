/** What a storm does, fault by fault. Each ends before the next one begins: all is as it was, but for time. */
import { setTimeout as wait } from 'node:timers/promises';
import { type StormGateway, type StormWorld, writerOf } from './storm-world.ts';

export type FaultName =
  | 'gateways killed'
  | 'writers killed'
  | 'gateways stopped'
  | 'gateways cut off'
  | 'servers killed'
  | 'servers stopped'
  | 'outages of NATS'
  | 'outages of ClickHouse'
  | 'partitions'
  | 'power cuts';

export interface Fault {
  readonly name: FaultName;
  /** Two that have the same never strike at once. */
  readonly victims: 'gateway' | 'server' | 'store' | 'all';
  /** Ends at that time, if it can. */
  strike(until: number): Promise<void>;
}

export function faultsOf(world: StormWorld, random: () => number, outageMs: number): Fault[] {
  const { gateways, nats, store } = world;
  const span = (from: number, to: number): number => from + random() * (to - from);
  const anyGateway = (): StormGateway => {
    const gateway = gateways[Math.floor(random() * gateways.length)];
    if (gateway === undefined) throw new Error('there are gateways');
    return gateway;
  };
  const anyServer = (): number => Math.floor(random() * nats.size);
  const killed = async (gateway: StormGateway): Promise<void> => {
    await gateway.kill();
    await wait(span(200, 3_000));
    await gateway.start();
  };
  const stopped = async (signal: (how: 'SIGSTOP' | 'SIGCONT') => void, ms: number): Promise<void> => {
    signal('SIGSTOP');
    await wait(ms);
    signal('SIGCONT');
  };
  return [
    { name: 'gateways killed', victims: 'gateway', strike: () => killed(anyGateway()) },
    { name: 'writers killed', victims: 'gateway', strike: async () => killed((await writerOf(world)) ?? anyGateway()) },
    {
      name: 'gateways stopped',
      victims: 'gateway',
      // At times for longer than a lease.
      async strike() {
        const gateway = random() < 0.5 ? ((await writerOf(world)) ?? anyGateway()) : anyGateway();
        await stopped((how) => gateway.signal(how), span(2_000, 14_000));
      },
    },
    {
      name: 'gateways cut off',
      victims: 'gateway',
      async strike() {
        const gateway = anyGateway();
        gateway.isCutOff = true;
        await wait(span(3_000, 14_000));
        gateway.isCutOff = false;
      },
    },
    {
      name: 'servers killed',
      victims: 'server',
      async strike() {
        const server = anyServer();
        await nats.kill(server);
        await wait(span(300, 3_000));
        await nats.restart(server);
      },
    },
    {
      name: 'servers stopped',
      victims: 'server',
      async strike() {
        const server = anyServer();
        await stopped((how) => nats.signal(server, how), span(2_000, 9_000));
      },
    },
    {
      name: 'outages of NATS',
      victims: 'server',
      async strike() {
        const all = Array.from({ length: nats.size }, (_, nth) => nth);
        await Promise.all(all.map((nth) => nats.kill(nth)));
        await wait(outageMs);
        await Promise.all(all.map((nth) => nats.restart(nth)));
      },
    },
    {
      name: 'outages of ClickHouse',
      victims: 'store',
      async strike() {
        store.isAway = true;
        await wait(span(1_000, 8_000));
        store.isAway = false;
      },
    },
  ];
}
