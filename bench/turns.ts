/**
 * Old and new in turns: another commit beside this checkout, on the same Node. Both servers live at once and are loaded
 * one after the other, in short turns: a machine that changes its speed changes it for both. A change on a hot path is
 * judged by the median of the ratios of all turns, and by the interval that they leave for it.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../support/peers/sluice.ts';
import { readOptions, refuse } from '../support/script-options.ts';
import { withServer } from './cases/own-server.ts';
import { machineFacts } from './machine.ts';
import { medianAndInterval } from './median-interval.ts';
import { median, round } from './target.ts';
import { type FigureName, figureNames, measureBoth, warmUp } from './turn.ts';

const usualEvents = 120_000;
const script = {
  name: 'bench:turns',
  about: `This checkout and an older commit live side by side and are loaded in short alternating turns.
Prints for each figure the median of the turns' ratios, and its interval.`,
  options: {
    old: { default: '', word: 'COMMIT', says: 'what to compare this checkout with' },
    pairs: { default: 20, says: 'alternating pairs of turns' },
    figures: {
      default: figureNames.join(';'),
      shown: '',
      word: 'A;B',
      says: `only these of:\n${figureNames.join(';\n')}`,
    },
    events: { default: usualEvents, says: 'events that are there when questions are asked first' },
    save: { default: '', word: 'NAME', says: 'write the result to bench/results/NAME.json as well' },
    most: { default: 1.03, says: "exit code 1 if the whole interval of a figure's ratio lies above it" },
  },
} as const;

async function main(): Promise<number> {
  const { values } = readOptions(script);
  if (values.old === '') refuse(script, 'say which commit by --old');
  const wanted = figureNames.filter((name) => values.figures.split(';').includes(name));
  if (wanted.length === 0) refuse(script, `there is no figure ${values.figures}`);
  const root = repositoryRoot();
  const old = checkOut(root, values.old);
  try {
    const count = values.pairs;
    const pairs = await runPairs({ old: old.folder, new: root }, wanted, count, values.events);
    const figures = compare(pairs, wanted);
    const tooDear = Object.entries(figures).filter(([, { interval }]) => interval[0] > values.most);
    const result = {
      when: new Date().toISOString(),
      machine: machineFacts(root),
      [keyOf(wanted, values.events)]: {
        old: old.commit,
        pairs: pairs.length,
        events: values.events,
        most: values.most,
        figures,
      },
    };
    const text = `${JSON.stringify(result, null, 2)}\n`;
    if (values.save !== '') writeFileSync(join(root, 'bench', 'results', `${values.save}.json`), text);
    process.stdout.write(text);
    return tooDear.length === 0 ? 0 : 1;
  } finally {
    rmSync(join(old.folder, '..'), { recursive: true, force: true });
  }
}

/** Under which name the page finds the result. */
function keyOf(wanted: readonly FigureName[], events: number): string {
  if (events > usualEvents) return 'turns-at-many-events';
  return wanted.length === figureNames.length ? 'turns' : 'more-turns';
}

/** What is wanted, of the old and of the new server. */
type Pair = Readonly<Record<FigureName, { readonly old: number; readonly new: number }>>;

/** A commit in a folder of its own, installed and built by its own script. */
function checkOut(root: string, commit: string): { readonly folder: string; readonly commit: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-old-'));
  const archive = join(folder, 'archive.tar');
  const name = execFileSync('git', ['rev-parse', '--short', commit], { cwd: root, encoding: 'utf8' }).trim();
  execFileSync('git', ['archive', '--output', archive, commit], { cwd: root });
  mkdirSync(join(folder, 'checkout'));
  execFileSync('tar', ['-xf', archive, '-C', join(folder, 'checkout')]);
  execFileSync(process.execPath, ['scripts/prepare.mjs'], { cwd: join(folder, 'checkout'), stdio: 'ignore' });
  return { folder: join(folder, 'checkout'), commit: name };
}

function runPairs(
  roots: { readonly old: string; readonly new: string },
  wanted: readonly FigureName[],
  count: number,
  events: number,
): Promise<Pair[]> {
  return withServer(roots.old, {}, (oldServer) =>
    withServer(roots.new, {}, async (newServer) => {
      const runners = { old: await warmUp(oldServer, events), new: await warmUp(newServer, events) };
      const pairs: Pair[] = [];
      for (let nth = 0; nth < count; nth += 1) {
        const figures: [FigureName, { readonly old: number; readonly new: number }][] = [];
        for (const name of wanted) figures.push([name, await measureBoth(name, runners)]);
        const pair = Object.fromEntries(figures) as Pair; // of what is wanted
        pairs.push(pair);
        process.stderr.write(`pair ${nth + 1} of ${count}: ${JSON.stringify(pair)}\n`);
      }
      return pairs;
    }),
  );
}

interface Compared {
  readonly oldMicros: number;
  readonly newMicros: number;
  readonly ratio: number;
  /** Of the median ratio: order statistics that hold it in at least 95 of 100 runs (from six pairs on). */
  readonly interval: readonly [number, number];
  readonly ratios: readonly number[];
}

function compare(pairs: readonly Pair[], wanted: readonly FigureName[]): Readonly<Record<string, Compared>> {
  const entries = wanted.map((name) => {
    const ratios = pairs.map((pair) => pair[name].new / pair[name].old).sort((one, other) => one - other);
    const { median: ratio, interval } = medianAndInterval(ratios);
    const compared: Compared = {
      oldMicros: round(median(pairs.map((pair) => pair[name].old))),
      newMicros: round(median(pairs.map((pair) => pair[name].new))),
      ratio,
      interval,
      ratios: ratios.map((ratio) => round(ratio, 3)),
    };
    return [name, compared] as const;
  });
  return Object.fromEntries(entries);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
