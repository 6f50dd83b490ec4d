/**
 * The long crash run, `npm run crash`: prints the hits of each point and the books. The same seed gives the same kills
 * in the same order.
 */
import { cpus, loadavg } from 'node:os';
import { readOptions, seedOption } from '../../support/script-options.ts';
import { planKills } from './plan.ts';
import { runCrashes } from './run-crashes.ts';

const { values } = readOptions({
  name: 'crash',
  about: `Kills Sluice and its engine under load, again and again. Prints the hits of each point and the books.
Exit code 1 if a law is broken. The same seed gives the same kills in the same order. 
Ctrl-C leaves out those that remain.`,
  options: {
    kills: { default: 200, says: 'how many at random times' },
    each: { default: 10, says: 'how many at each fail point' },
    seed: seedOption,
    rate: { default: 250, says: 'events a second' },
    durability: { default: 'process', oneOf: ['process', 'fsync'], says: 'SLUICE_DURABILITY' },
    'power-cut': { default: false, says: "each kill takes what was not synced of Sluice's own files" },
  },
});
const { seed } = values;
const durability = values.durability === 'fsync' ? 'fsync' : 'process';
const isPowerCut = values['power-cut'];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const kills = planKills(seed, values.each, values.kills);
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
  rate: values.rate,
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
