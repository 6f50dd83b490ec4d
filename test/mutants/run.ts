/**
 * `npm run mutants`: changes the code in one place, and looks whether a test fails.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../../support/script-options.ts';
import { collect, type Mutant } from './collect.ts';
import { readEquivalents } from './equivalents.ts';
import { report } from './report.ts';
import { elsewhereTests, roomOf, rooms } from './rooms.ts';
import { createTestHost } from './test-host.ts';
import { makeTree, testsIn } from './tree.ts';

export type Status = 'killed' | 'timed out' | 'survived';

export interface Result {
  readonly key: string;
  readonly status: Status;
  /** The test that saw it, or how many passed. */
  readonly by: string;
  readonly ms: number;
}

interface Seen {
  readonly test: string;
  readonly ms: number;
  readonly numbers: ReadonlySet<number>;
}

const lookMsMax = 240_000;
const noRecord = { runs: 0, kills: 0 };

const { values } = readOptions({
  name: 'mutants',
  about: `Changes the code in one place, and looks whether a test fails; so for a sample of places.
It goes on where it was stopped.`,
  options: {
    seed: { default: 15, says: 'of the sample' },
    sample: { default: 150, says: 'mutants of each room' },
    rooms: { default: ['named', ...rooms.map(({ name }) => name)].join(','), word: 'NAME,…', says: 'which rooms' },
    work: { default: '.tmp/mutants', word: 'FOLDER', says: 'what is known so far' },
    again: {
      default: false,
      says: 'tries again what has survived and is not named equivalent, by the tests as they are now',
    },
    survivors: { default: false, says: 'the same, and nothing that is untried' },
    only: { default: '', word: 'TEXT', says: 'only mutants whose keys begin so, as src/feed/' },
    'report-only': { default: false, says: 'tries none' },
    save: { default: false, says: 'writes the result to test/mutants' },
  },
});
const root = process.cwd();
const work = join(root, values.work);
mkdirSync(work, { recursive: true });
const resultsPath = join(work, 'results.ndjson');
const results = readResults();
const collected = collect(root, values.seed, values.sample, new Set(results.keys()));
const wanted = values.rooms.split(',');
const mutants = collected.mutants.filter(
  ({ room, name, key }) =>
    (wanted.includes(room) || (name !== null && wanted.includes('named'))) && key.startsWith(values.only),
);
const recordsByFile = new Map<string, Records>();

if (!values['report-only']) await tryAll();
report({ collected, results, seed: values.seed, sampleMax: values.sample, root, isSaved: values.save });

async function tryAll(): Promise<void> {
  const tree = join(work, `tree-${process.pid}`);
  const host = createTestHost(tree);
  process.on('exit', () => host.stop());
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  const whyEquivalent = readEquivalents(root, collected);
  const waiting = mutants.filter((mutant) => {
    const known = results.get(mutant.key);
    if (known === undefined) return !values.survivors;
    return (values.again || values.survivors) && known.status === 'survived' && whyEquivalent(mutant) === undefined;
  });
  say(`seed ${values.seed}; ${mutants.length} mutants, ${waiting.length} to be tried`);
  makeTree(root, tree, { ...collected, mutants: waiting });
  const seen: Seen[] = [];
  for (const test of testsIn(tree)) {
    if (waiting.some(({ file }) => (roomOf(file)?.tests ?? elsewhereTests).test(test))) seen.push(await look(test));
  }
  if (!seen.some(({ numbers }) => numbers.size > 0)) throw new Error('No test passes without a mutant');
  for (const [nth, mutant] of waiting.entries()) {
    const result = await tryOne(mutant);
    results.set(mutant.key, result);
    appendFileSync(resultsPath, `${JSON.stringify(result)}\n`);
    say(
      `${nth + 1}/${waiting.length} ${mutant.file}:${mutant.line} ${mutant.operator} ${result.status} (${result.by})`,
    );
  }
  host.stop();

  /** Which mutants a test file passes, and how long it takes. */
  async function look(test: string): Promise<Seen> {
    const notes = join(tree, 'seen');
    writeFileSync(notes, '');
    const once = () => host.run(test, { SLUICE_MUTANT: '0', SLUICE_MUTANTS_SEEN: notes }, lookMsMax);
    const first = await once();
    const { isPassed, why, ms } = first.isPassed ? first : await once();
    const numbers = new Set(readFileSync(notes, 'utf8').split('\n').filter(Boolean).map(Number));
    say(
      `${test}: ${isPassed ? 'passes' : `FAILS without a mutant, left out: ${why}`}, ${ms} ms, ${numbers.size} mutants`,
    );
    return { test, ms, numbers: isPassed ? numbers : new Set() };
  }

  async function tryOne({ key, number, file }: Mutant): Promise<Result> {
    const startedMs = performance.now();
    const nearest = roomOf(file)?.tests ?? elsewhereTests;
    const tests = seen.filter(({ test, numbers }) => numbers.has(number) && nearest.test(test));
    const spentMs = () => Math.round(performance.now() - startedMs);
    const records = recordsOf(file);
    for (const { test, ms } of tests.toSorted((a, b) => costOf(records, a) - costOf(records, b))) {
      const limitMs = 20_000 + 6 * ms;
      const told = await host.run(test, { SLUICE_MUTANT: String(number), SLUICE_MUTANTS_SEEN: '' }, limitMs);
      const { runs, kills } = records.get(test) ?? noRecord;
      records.set(test, { runs: runs + 1, kills: kills + (told.isPassed ? 0 : 1) });
      if (told.isPassed) continue;
      const status = told.ms >= limitMs ? 'timed out' : 'killed';
      return { key, status, by: `${test}: ${told.why}`, ms: spentMs() };
    }
    return { key, status: 'survived', by: `${tests.length} test files passed`, ms: spentMs() };
  }
}

/** How often each test has killed a mutant of a source. */
type Records = Map<string, { readonly runs: number; readonly kills: number }>;

function recordsOf(file: string): Records {
  const records = recordsByFile.get(file) ?? new Map();
  recordsByFile.set(file, records);
  return records;
}

/** What a kill by this test is likely to cost. */
function costOf(records: Records, { test, ms }: Seen): number {
  const { runs, kills } = records.get(test) ?? noRecord;
  return (ms * (runs + 2)) / (kills + 1);
}

/** What is known: the committed results first, then those of this work folder. */
function readResults(): Map<string, Result> {
  const paths = [join(root, 'test', 'mutants', 'results.ndjson'), resultsPath].filter((path) => existsSync(path));
  const lines = paths.flatMap((path) => readFileSync(path, 'utf8').split('\n').filter(Boolean));
  return new Map(lines.map((line) => JSON.parse(line) as Result).map((result) => [result.key, result])); // as this file wrote them
}

function say(text: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} [${loadavg()[0]?.toFixed(1)}/${cpus().length}] ${text}`);
}
