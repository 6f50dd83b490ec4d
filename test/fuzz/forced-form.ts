/** `npm run fuzz:forced`: random filters forced on random questions, by every way to ask, for long. */
import { readOptions, seedOption } from '../../support/script-options.ts';
import { runForced } from './forced-run.ts';

const { values } = readOptions({
  name: 'fuzz:forced',
  about: `Random filters are forced on tokens and JWTs, which ask by every way there is: none may see what its
filter leaves out. Prints its seed; exit code 1 if anything is wrong; --seed N --rounds 1 plays one round again.`,
  options: {
    minutes: { default: 10, says: 'how long' },
    seed: seedOption,
    rounds: { default: 1_000_000_000, says: 'at most', shown: 'as many as the time allows' },
    events: { default: 40, says: 'in a round' },
    readers: { default: 4, says: 'in a round' },
  },
});
console.log(`seed ${values.seed}`);
const { rounds, events, asked, questions, telling, faults } = await runForced({
  ...{ seed: values.seed, events: values.events, readers: values.readers },
  untilMs: values.minutes * 60_000,
  roundsMax: values.rounds,
  say: (line) => console.log(line),
});
console.log([...asked].map(([name, times]) => `${name} ${times}`).join(', '));
console.log(`${rounds} rounds, ${events} events, ${questions} questions, ${telling} of them with some but not all`);
console.log(`${faults.length} faults`);
for (const fault of faults) console.log(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
