/**
 * npm run forms -- --events 1000000 --seed 1: the law of reading (same-reading.ts) over so many events in random forms,
 * one in four of them damaged. Prints what became of them; exits with 1, and prints the first differences, if the
 * readers differ on any.
 */
import { parseArgs } from 'node:util';
import { randomFrom } from '../../support/random.ts';
import { damaged, eventText } from './event-forms.ts';
import { type Reading, readAlike } from './same-reading.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Math.trunc(Math.random() * 2 ** 30)) },
  },
});
const first = Number(values.seed);
const events = Number(values.events);
const shownMax = 5;
const damagedEach = 4;

function textOf(seed: number): Buffer {
  const text = Buffer.from(eventText(seed));
  return seed % damagedEach === 0 ? damaged(text, randomFrom(seed)) : text;
}

const read: Record<Reading, number> = { compiled: 0, general: 0, refused: 0 };
let bytes = 0;
let differences = 0;
for (let seed = first; seed < first + events; seed += 1) {
  const text = textOf(seed);
  bytes += text.length;
  try {
    read[readAlike(text)] += 1;
  } catch (error) {
    differences += 1;
    if (differences <= shownMax) console.error(`seed ${seed}: ${String(error)}`);
  }
}
const minutes = Math.round(performance.now() / 6000) / 10;
console.log(JSON.stringify({ node: process.version, seed: first, events, bytes, ...read, differences, minutes }));
process.exitCode = differences === 0 ? 0 : 1;
