/** `npm run hostile`: each kind of hostile peers on a real server of its own, for minutes. */
import { readOptions, refuse, seedOption } from '../../support/script-options.ts';
import { runField } from './field.ts';
import { kinds } from './kinds.ts';
import { saveResult } from './results.ts';

const script = {
  name: 'hostile',
  about: `Each kind of hostile peers on a real server of its own, beside a neighbour that must lose nothing.
Watches memory, descriptors, log and refusals. Exit code 1 if a law is broken.

${kinds.map(({ name, about }) => `  ${name}: ${about}`).join('\n')}`,
  options: {
    minutes: { default: 10, says: 'of each kind' },
    seed: seedOption,
    only: { default: '', word: 'KIND,…', says: 'these kinds', shown: 'all' },
    save: { default: false, says: 'writes test/hostile/RESULTS.md: the row of each kind that ran' },
  },
} as const;
const { values } = readOptions(script);
const wanted = values.only === '' ? kinds.map(({ name }) => name) : values.only.split(',');
for (const name of wanted) {
  if (!kinds.some((kind) => kind.name === name)) refuse(script, `there is no kind "${name}"`);
}
console.log(`seed ${values.seed}`);
for (const kind of kinds.filter(({ name }) => wanted.includes(name))) {
  const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${kind.name}: ${line}`);
  say(kind.about);
  const eachMs = values.minutes * 60_000;
  const result = await runField({ kinds: [kind], eachMs, seed: values.seed, isLong: true, say });
  say(JSON.stringify(result.figures));
  for (const fault of result.faults) say(`FAULT: ${fault}`);
  say(result.faults.length === 0 ? 'all laws hold' : `${result.faults.length} laws broken`);
  if (result.faults.length > 0) process.exitCode = 1;
  if (values.save) saveResult(kind, values.seed, result);
}
