/**
 * npm run crash:outage -- --seconds 60 --rate 2000 [--later] [--no-kill]: ClickHouse hung for so long under load;
 * prints the books.
 */
import { parseArgs } from 'node:util';
import { runOutage } from '../../support/crash/outage.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '2000' },
    later: { type: 'boolean', default: false },
    'no-kill': { type: 'boolean', default: false },
  },
});
const { broken, books } = await runOutage({
  from: values.later ? 'later' : 'start',
  seconds: Number(values.seconds),
  rate: Number(values.rate),
  kill: !values['no-kill'],
});
for (const [name, count] of Object.entries(books)) process.stdout.write(`  ${name.padEnd(28)}${count}\n`);
process.stdout.write(broken.length === 0 ? 'all laws hold\n' : `BROKEN:\n  ${broken.join('\n  ')}\n`);
process.exit(broken.length === 0 ? 0 : 1);
