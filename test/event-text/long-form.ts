/**
 * `npm run forms`: the law of reading (same-reading.ts) over many events in random forms, one in four of them damaged.
 */
import { randomFrom } from '../../support/random.ts';
import { readOptions, seedOption } from '../../support/script-options.ts';
import { damaged, eventText } from './event-forms.ts';
import { type Reading, readAlike } from './same-reading.ts';

const { values } = readOptions({
  name: 'forms',
  about: `Events in random forms of JSON, one in four of them damaged: all readers must read the same.
Prints what became of them, and the first differences; exit code 1 if there is one.`,
  options: { events: { default: 1_000_000, says: 'how many' }, seed: seedOption },
});
const { seed: first, events } = values;
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
