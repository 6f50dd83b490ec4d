/** `npm run fuzz:wire`: HTTP and both sockets with tokens on, by a grammar, for long. */
import { readOptions, seedOption } from '../../support/script-options.ts';
import { coverageText, runWire } from './wire-run.ts';
import { startWireTarget } from './wire-target.ts';

const { values } = readOptions({
  name: 'fuzz:wire',
  about: `HTTP and both sockets with tokens on, by a grammar. Prints its seed and what each route answered.
Exit code 1 if anything is wrong; --seed N --cases 1 plays one case again.`,
  options: {
    minutes: { default: 10, says: 'how long' },
    seed: seedOption,
    cases: { default: 1_000_000_000, says: 'at most', shown: 'as many as the time allows' },
  },
});
console.log(`seed ${values.seed}`);
const target = await startWireTarget();
try {
  const { cases, coverage, faults } = await runWire(target, {
    seed: values.seed,
    untilMs: values.minutes * 60_000,
    casesMax: values.cases,
    say: (line) => console.log(line),
  });
  console.log(`${coverageText(coverage)}\n${cases} cases, ${faults.length} faults`);
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await target.stop();
}
