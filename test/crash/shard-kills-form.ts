/** npm run crash:shards -- --kills 20 --rate 1000 --seed 1: shards killed in the middle of inserts; prints the books. */
import { parseArgs } from 'node:util';
import { runShardKills } from '../../support/crash/shard-kills.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    rate: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const { broken, books } = await runShardKills({
  kills: Number(values.kills),
  sluiceEvery: 4,
  rate: Number(values.rate),
  seed: Number(values.seed),
  say: (line) => process.stdout.write(`${line}\n`),
});
for (const [name, count] of Object.entries(books)) process.stdout.write(`  ${name.padEnd(28)}${count}\n`);
process.stdout.write(broken.length === 0 ? 'all laws hold\n' : `BROKEN:\n  ${broken.join('\n  ')}\n`);
process.exit(broken.length === 0 ? 0 : 1);
