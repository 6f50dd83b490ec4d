/** `npm run crash:shards`: shards killed in the middle of inserts; prints the books. */
import { runShardKills } from '../../support/crash/shard-kills.ts';
import { readOptions } from '../../support/script-options.ts';

const { values } = readOptions({
  name: 'crash:shards',
  about: 'Shards are killed in the middle of inserts, Sluice too. Prints the books; exit code 1 if a law is broken.',
  options: {
    kills: { default: 20, says: 'how many' },
    rate: { default: 1_000, says: 'events a second' },
    seed: { default: 1, says: 'of the random choices' },
  },
});
const { broken, books } = await runShardKills({
  kills: values.kills,
  sluiceEvery: 4,
  rate: values.rate,
  seed: values.seed,
  say: (line) => process.stdout.write(`${line}\n`),
});
for (const [name, count] of Object.entries(books)) process.stdout.write(`  ${name.padEnd(28)}${count}\n`);
process.stdout.write(broken.length === 0 ? 'all laws hold\n' : `BROKEN:\n  ${broken.join('\n  ')}\n`);
process.exit(broken.length === 0 ? 0 : 1);
