/** `npm run fuzz:time`: the long form of the fuzz that looks for time. */
import { cpus, loadavg } from 'node:os';
import { randomFrom } from '../../support/random.ts';
import { readOptions, seedOption } from '../../support/script-options.ts';
import { bounds } from './measure.ts';
import { lookCount, runFuzz, sentence } from './run-fuzz.ts';

const { values } = readOptions({
  name: 'fuzz:time',
  about: 'Looks for messages that cost more than their length. Exit code 1 if one costs too much.',
  options: { seconds: { default: 600, says: 'how long' }, seed: seedOption },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [cpu] = cpus();
say(
  `${new Date().toISOString()}, Node ${process.version}, ${cpus().length} × ${cpu?.model}, load ${loadavg()[0]?.toFixed(1)}`,
);
say(
  `seed ${values.seed}, ${values.seconds} s, ${lookCount} named shapes; above ${bounds.judgedMs} ms not over × ${bounds.growthMax}, ` +
    `no message of 1 MiB over ${bounds.messageMs.toFixed(0)} ms, no step of a body over ${bounds.stepMs.toFixed(0)} ms`,
);
const { looks, namedLooks, bad, dearest } = runFuzz(randomFrom(values.seed), { ms: values.seconds * 1000, say });
say(
  `\n${looks} looks, ${namedLooks} of the ${lookCount} named shapes among them; ${bad.length} above a bound; the dearest:`,
);
for (const finding of dearest) say(`  ${sentence(finding)}`);
process.exit(bad.length === 0 ? 0 : 1);
