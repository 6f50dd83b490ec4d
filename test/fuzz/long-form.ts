/**
 * The long form of the fuzz that looks for time: npm run fuzz:time -- --seconds 600 --seed 1. Exit code 1 if a message
 * costs too much.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { randomFrom } from '../../support/random.ts';
import { bounds } from './measure.ts';
import { lookCount, runFuzz, sentence } from './run-fuzz.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
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
const { looks, namedLooks, bad, dearest } = runFuzz(randomFrom(Number(values.seed)), {
  ms: Number(values.seconds) * 1000,
  say,
});
say(
  `\n${looks} looks, ${namedLooks} of the ${lookCount} named shapes among them; ${bad.length} above a bound; the dearest:`,
);
for (const finding of dearest) say(`  ${sentence(finding)}`);
process.exit(bad.length === 0 ? 0 : 1);
