/** `npm run crash:gateways`: the storm for as long as it says, with what only a long run has room for. */
import { setTimeout as wait } from 'node:timers/promises';
import { Namespaces } from '../../support/namespaces.ts';
import { PowerDisk } from '../../support/power-disk.ts';
import { randomFrom } from '../../support/random.ts';
import { readOptions, refuse, seedOption } from '../../support/script-options.ts';
import { installed } from './cluster.ts';
import { runStorm } from './storm.ts';
import { stormEnv } from './storm-env.ts';
import type { Fault } from './storm-faults.ts';
import { StormWorld } from './storm-world.ts';

const script = {
  name: 'crash:gateways',
  about: `Three gateways, three NATS servers and ClickHouse, of which any is killed, stopped or cut off, NATS for
minutes; in fsync mode all gateways and NATS servers lose their power at once, too. Producers and subscribers go from
gateway to gateway. Prints the books; exit code 1 if a law is broken. Partitions and power cuts need Linux and root.`,
  options: {
    seconds: { default: 1_800, says: 'how long it goes on before all must settle' },
    outage: { default: 300, says: 'seconds for which NATS is away once' },
    rate: { default: 400, says: 'events a second' },
    durability: { default: 'fsync', oneOf: ['process', 'fsync'], says: 'SLUICE_DURABILITY' },
    seed: seedOption,
  },
} as const;
const { values } = readOptions(script);
if (!installed.found) refuse(script, installed.sentence);

const say = (line: string): void => void process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
const random = randomFrom(values.seed);
const namespaces = Namespaces.open(3);
const disk = values.durability === 'fsync' ? PowerDisk.open(4_000) : 'in process mode a power cut takes events';
for (const opened of [namespaces, disk]) if (typeof opened === 'string') say(opened);
// After all processes that use them were killed, whatever ends this one.
process.on('exit', () => {
  for (const opened of [namespaces, disk]) if (typeof opened !== 'string') opened.close();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

let hadLongOutage = false;
function moreFaults(world: StormWorld): Fault[] {
  const servers = Array.from({ length: world.nats.size }, (_, nth) => nth);
  const any = (): number => Math.floor(random() * servers.length);
  const restart = async (): Promise<void> => {
    await Promise.all(servers.map((nth) => world.nats.restart(nth)));
  };
  const longOutage: Fault = {
    name: 'outages of NATS',
    victims: 'server',
    async strike() {
      if (hadLongOutage) return;
      hadLongOutage = true;
      await Promise.all(servers.map((nth) => world.nats.kill(nth)));
      await wait(values.outage * 1000);
      await restart();
    },
  };
  const partition = (parting: Namespaces): Fault => ({
    name: 'partitions',
    victims: 'server',
    async strike() {
      const alone = any();
      if (random() < 0.3) parting.unplug(alone);
      else for (const nth of servers) if (nth !== alone) parting.part(alone, nth);
      await wait(4_000 + random() * 20_000);
      parting.heal();
    },
  });
  const powerCut = (cuttable: PowerDisk): Fault => ({
    name: 'power cuts',
    victims: 'all',
    async strike() {
      await Promise.all([
        ...world.gateways.map((gateway) => gateway.kill()),
        ...servers.map((nth) => world.nats.kill(nth)),
      ]);
      cuttable.cut();
      await restart();
      await Promise.all(world.gateways.map((gateway) => gateway.start()));
    },
  });
  return [
    longOutage,
    ...(typeof namespaces === 'string' ? [] : [partition(namespaces)]),
    ...(typeof disk === 'string' ? [] : [powerCut(disk)]),
  ];
}

const world = await StormWorld.start({
  ...{ folder: installed.found ? installed.folder : '', random, jetstream: 'sync_interval: always' },
  env: stormEnv(values.durability),
  ...(typeof namespaces !== 'string' && { places: namespaces.places }),
  ...(typeof disk !== 'string' && { root: disk.folder }),
});
const { seconds, seed, rate } = values;
const storm = { seconds, seed, rate, outageMs: 10_000, say, more: moreFaults(world) };
const { broken, books } = await runStorm(world, storm).finally(() => world.stop());
for (const [name, count] of Object.entries(books)) process.stdout.write(`  ${name.padEnd(28)}${count}\n`);
process.stdout.write(broken.length === 0 ? 'all laws hold\n' : `BROKEN:\n  ${broken.join('\n  ')}\n`);
process.exit(broken.length === 0 ? 0 : 1);
