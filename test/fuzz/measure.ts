/**
 * What a piece of work costs the loop: CPU, and never more than the time it took, for other threads collect garbage meanwhile.
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
  /** Of a message of the greater size. */
  readonly messageMs: number;
}

export const bounds: Bounds = { judgedMs: 5, growthMax: 2.5, messageMs: 100 };

export interface Verdict {
  readonly ms: number;
  readonly growth: number;
  readonly isGood: boolean;
}

/** Measures once; what looks bad then is measured five times more, and the median counts. */
export function judge(half: () => void, whole: () => void): Verdict {
  const first = verdictOf(costOf(half), costOf(whole));
  if (first.isGood) return first;
  return verdictOf(median(five(half)), median(five(whole)));
}

function five(work: () => void): number[] {
  return Array.from({ length: 5 }, () => costOf(work));
}

function verdictOf(halfMs: number, wholeMs: number): Verdict {
  const growth = wholeMs / Math.max(halfMs, 0.001);
  const grows = wholeMs > bounds.judgedMs && growth > bounds.growthMax;
  return { ms: wholeMs, growth, isGood: !grows && wholeMs <= bounds.messageMs };
}
