/**
 * `npm run crash:outage`: ClickHouse hung for so long under load; prints the books.
 */
import { runOutage } from '../../support/crash/outage.ts';
import { readOptions } from '../../support/script-options.ts';

const { values } = readOptions({
  name: 'crash:outage',
  about:
    'ClickHouse hangs under load, and Sluice is killed half-way through. Prints the books; exit code 1 if a law is broken.',
  options: {
    seconds: { default: 60, says: 'how long it hangs' },
    rate: { default: 2000, says: 'events a second' },
    later: { default: false, says: 'it hangs once it has served for a while, not from its start' },
    'no-kill': { default: false, says: 'Sluice is not killed' },
  },
});
const { broken, books } = await runOutage({
  from: values.later ? 'later' : 'start',
  seconds: values.seconds,
  rate: values.rate,
  kill: !values['no-kill'],
});
for (const [name, count] of Object.entries(books)) process.stdout.write(`  ${name.padEnd(28)}${count}\n`);
process.stdout.write(broken.length === 0 ? 'all laws hold\n' : `BROKEN:\n  ${broken.join('\n  ')}\n`);
process.exit(broken.length === 0 ? 0 : 1);
