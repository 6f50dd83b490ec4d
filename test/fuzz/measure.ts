/**
 * What a piece of work costs the loop: CPU, and never more than the time it took, for other threads collect garbage
 * meanwhile.
 */

/** Milliseconds. */
export function costOf(work: () => void): number {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return Math.min((user + system) / 1000, performance.now() - startedMs);
}

export function median(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

export interface Bounds {
  /** Work that costs less is not judged by its growth. */
  readonly judgedMs: number;
  readonly growthMax: number;
  /** Of a message of the greater size, on a quiet core as `paceMs` has it. */
  readonly messageMs: number;
  /** Of one step of a body that is judged in slices. */
  readonly stepMs: number;
}

/** On a quiet core of the machine that the bounds were set on. */
const paceMs = 5.5;

/**
 * How much slower this machine is just now; at least 1. Two threads of one core take each other's time, and CPU time
 * counts it.
 */
function slowness(): number {
  const text = JSON.stringify(Array.from({ length: 40_000 }, (_, nth) => ({ key: `value ${nth}` })));
  const pace = median(Array.from({ length: 21 }, () => costOf(() => JSON.parse(text))));
  return Math.max(1, pace / paceMs);
}

export const bounds: Bounds = { judgedMs: 5, growthMax: 2.5, messageMs: 100, stepMs: 20 };

/** A bound of time, for the machine as it is now: other work comes and goes in a long run. */
export function asOfNow(boundMs: number): number {
  return boundMs * slowness();
}

export interface Verdict {
  readonly ms: number;
  readonly growth: number;
  readonly isGood: boolean;
}

/**
 * The work at half of a size and at the whole. Measured once; what looks bad is measured five times more, and the
 * median counts, beside the pace of the machine just then; a busy machine is asked twice again. Tables grow by leaps,
 * and so does what V8's collector does with much garbage: what grows too much at once is looked at from a quarter to
 * twice the size, three doublings, of which the mean counts, or the last if that is less: a leap is over by then, and
 * what grows too much grows most at last. So do the processor's caches: a table that has outgrown them grows too much
 * for some doublings, and two more show whether that ends. Null where there is no work.
 */
export function judge(workOf: (size: number) => Work | null, size: number, judged: 'all' | 'growth'): Verdict | null {
  const [half, whole] = [workOf(size / 2), workOf(size)];
  if (half === null || whole === null) return null;
  let verdict = verdictOf(costOf(half), costOf(whole), judged, bounds.messageMs);
  for (let round = 0; round < 3 && !verdict.isGood; round += 1) {
    const before = asOfNow(bounds.messageMs);
    const wholeMs = median(five(whole));
    const messageMs = Math.max(before, asOfNow(bounds.messageMs));
    verdict = verdictOf(median(five(half)), wholeMs, judged, messageMs);
    const [quarter, twice] = [workOf(size / 4), workOf(2 * size)];
    if (verdict.isGood || quarter === null || twice === null) continue;
    const twiceMs = median(five(twice));
    const mean = Math.cbrt(twiceMs / Math.max(median(five(quarter)), 0.001));
    const last = Math.min(mean, twiceMs / Math.max(wholeMs, 0.001));
    const growth = last > bounds.growthMax ? Math.min(last, growthBeyond(twiceMs, size, workOf)) : last;
    verdict = verdictOf(wholeMs / growth, wholeMs, judged, messageMs);
  }
  return verdict;
}

type Work = () => void;

/** Of a doubling, from twice the size to eight times. Infinite where it does not go on: larger ones may be refused. */
function growthBeyond(twiceMs: number, size: number, workOf: (size: number) => Work | null): number {
  const [four, eight] = [workOf(4 * size), workOf(8 * size)];
  if (four === null || eight === null) return Number.POSITIVE_INFINITY;
  const [fourMs, eightMs] = [costOf(four), costOf(eight)];
  const goesOn = fourMs > 1.5 * twiceMs && eightMs > 1.5 * fourMs;
  return goesOn ? Math.sqrt(eightMs / twiceMs) : Number.POSITIVE_INFINITY;
}

function five(work: () => void): number[] {
  return Array.from({ length: 5 }, () => costOf(work));
}

function verdictOf(halfMs: number, wholeMs: number, judged: 'all' | 'growth', messageMs: number): Verdict {
  const growth = wholeMs / Math.max(halfMs, 0.001);
  const grows = wholeMs > bounds.judgedMs && growth > bounds.growthMax;
  return { ms: wholeMs, growth, isGood: !grows && (judged === 'growth' || wholeMs <= messageMs) };
}
