/**
 * Whether a text fits one of many globs, or all of them. A long text is gone through once for all globs together, not
 * once for each.
 */
import { compileGlob, type Glob, insideOf } from './glob.ts';
import { LiteralScan, type ScanStep } from './literal-scan.ts';

export interface GlobSet {
  /** Whether the text fits any of them. */
  any(text: string): boolean;
  /** Whether it fits every one. */
  all(text: string): boolean;
}

/** Number of globs times UTF-16 units. Below it each glob is tried by itself. */
const scanMin = 4096;

export function createGlobSet(globs: readonly Glob[]): GlobSet {
  const fits = globs.map(compileGlob);
  const [only] = fits;
  if (only !== undefined && fits.length === 1) return { any: only, all: only };
  let scanned: ScannedGlobs | null = null;
  const scan = (): ScannedGlobs => {
    scanned ??= createScannedGlobs(globs, fits);
    return scanned;
  };
  const isShort = (text: string): boolean => text.length * globs.length < scanMin;
  return {
    any: (text) => (isShort(text) ? fits.some((each) => each(text)) : scan()(text, true)),
    all: (text) => (isShort(text) ? fits.every((each) => each(text)) : !scan()(text, false)),
  };
}

/** Whether there is a glob that fits the text (`wanted` true), or one that does not. */
type ScannedGlobs = (text: string, wanted: boolean) => boolean;

/** A glob whose middles are looked for in the scan. */
interface Waiting {
  readonly glob: Glob;
  /** The literal of each middle. */
  readonly literals: readonly number[];
}

/** Where a glob stands in one text. */
interface Reader {
  readonly literals: readonly number[];
  next: number;
  from: number;
  readonly to: number;
}

function createScannedGlobs(globs: readonly Glob[], fits: readonly ((text: string) => boolean)[]): ScannedGlobs {
  const isScanned = ({ middles }: Glob) => middles.length > 0 && !middles.some(({ hasWild }) => hasWild);
  const alone = fits.filter((_, nth) => !isScanned(globs[nth]!));
  const others = globs.filter(isScanned);
  const scan = new LiteralScan(others.flatMap(({ middles }) => middles.map(({ text }) => text)));
  const indexOf = new Map(scan.literals.map((literal, index) => [literal, index]));
  const waiting: readonly Waiting[] = others.map((glob) => ({
    glob,
    literals: glob.middles.map(({ text }) => indexOf.get(text)!),
  }));
  return (text, wanted) => {
    if (alone.some((each) => each(text) === wanted)) return true;
    const readers: Reader[] = [];
    for (const { glob, literals } of waiting) {
      const inside = insideOf(glob, text);
      if (inside !== null) readers.push({ literals, next: 0, ...inside });
      else if (!wanted) return true;
    }
    const whole = countWhole(scan, text, readers, wanted);
    return wanted ? whole > 0 : whole < readers.length;
  };
}

/** How many readers find all their literals, one behind the other; where one is wanted, no more than one is counted. */
function countWhole(scan: LiteralScan, text: string, readers: readonly Reader[], wantsOne: boolean): number {
  if (readers.length === 0) return 0;
  const { literals } = scan;
  const readersOf: Reader[][] = literals.map(() => []);
  const awaited = new Uint8Array(literals.length);
  const expect = (reader: Reader): void => {
    const literal = reader.literals[reader.next]!;
    readersOf[literal]!.push(reader);
    awaited[literal] = 1;
  };
  readers.forEach(expect);
  let [whole, open] = [0, readers.length];

  const found = (literal: number, end: number): ScanStep => {
    const start = end - literals[literal]!.length;
    const due = readersOf[literal]!;
    const early = due.filter(({ from }) => from > start);
    if (early.length === due.length) return 'same';
    readersOf[literal] = early;
    awaited[literal] = early.length > 0 ? 1 : 0;
    for (const reader of due) {
      if (reader.from > start) continue;
      reader.from = end;
      reader.next += 1;
      if (end > reader.to) open -= 1;
      else if (reader.next < reader.literals.length) expect(reader);
      else {
        open -= 1;
        whole += 1;
      }
    }
    const isDecided = open === 0 || (wantsOne ? whole > 0 : whole + open < readers.length);
    return isDecided ? 'stop' : 'changed';
  };

  scan.scan(text, awaited, found);
  return whole;
}
