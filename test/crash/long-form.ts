/**
 * The long crash run: npm run crash -- --kills 200 --each 10 --seed 1 [--durability fsync] [--power-cut] [--rate 250].
 * Prints the hits of each point and the books; exit code 1 if a law is broken. The same seed gives the same kills in
 * the same order; Ctrl-C leaves out those that remain.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { planKills } from './plan.ts';
import { runCrashes } from './run-crashes.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    each: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rate: { type: 'string', default: '250' },
    durability: { type: 'string', default: 'process' },
    'power-cut': { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const durability = values.durability === 'fsync' ? 'fsync' : 'process';
const isPowerCut = values['power-cut'];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const kills = planKills(seed, Number(values.each), Number(values.kills));
const [cpu] = cpus();
say(
  `${new Date().toISOString()}, Node ${process.version}, ${cpus().length} × ${cpu?.model}, ` +
    `load ${loadavg()[0]?.toFixed(1)}`,
);
say(
  `seed ${seed}, durability ${durability}, ${kills.length} kills, ${isPowerCut ? 'with' : 'no'} power cuts ` +
    `of Sluice's own files`,
);
say('(ClickHouse is killed -9 only: its own files lose nothing to a power cut here)');
let isEnough = false;
process.once('SIGINT', () => {
  isEnough = true;
});
const began = performance.now();
const { hits, broken, books } = await runCrashes({
  kills,
  durability,
  rate: Number(values.rate),
  say,
  isEnough: () => isEnough,
  ...(isPowerCut && { powerCutSeed: seed }),
});
say(`\nafter ${Math.round((performance.now() - began) / 1000)} s; hits per point:`);
for (const [name, count] of Object.entries(hits).sort()) say(`  ${name.padEnd(24)}${count}`);
say('books:');
for (const [name, count] of Object.entries(books)) say(`  ${name.padEnd(24)}${count}`);
say(
  broken.length === 0
    ? `all laws hold: ${books['lost'] ?? 0} lost, 0 twice, 0 repeats, 0 holes`
    : `BROKEN:\n  ${broken.join('\n  ')}`,
);
process.exit(broken.length === 0 ? 0 : 1);
