/**
 * `npm run fuzz:wire -- --minutes 60 --seed N`: HTTP and both sockets with tokens on, by a grammar, for long. It prints
 * its seed and what each route answered; exit code 1 if anything is wrong. `--seed N --cases 1` plays one case again.
 */
import { parseArgs } from 'node:util';
import { coverageText, runWire } from './wire-run.ts';
import { startWireTarget } from './wire-target.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    cases: { type: 'string', default: '1000000000' },
  },
});
console.log(`seed ${values.seed}`);
const target = await startWireTarget();
try {
  const { cases, coverage, faults } = await runWire(target, {
    seed: Number(values.seed),
    untilMs: Number(values.minutes) * 60_000,
    casesMax: Number(values.cases),
    say: (line) => console.log(line),
  });
  console.log(`${coverageText(coverage)}\n${cases} cases, ${faults.length} faults`);
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await target.stop();
}
