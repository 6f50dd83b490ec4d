/**
 * What a proof is: a run of the real process with its figures, and the laws that it found broken.
 */
export interface Proof {
  /** Sentences; none is good. */
  readonly broken: readonly string[];
  readonly figures: Readonly<Record<string, unknown>>;
}

export interface ProofOptions {
  /** A folder of the run's own: free, or as an earlier run of the same proof left it. */
  readonly dataDir: string;
  readonly isKept: boolean;
  /** Of a run that has a length; null is the proof's own. */
  readonly seconds: number | null;
  /** For trying a proof out: a part of its size. */
  readonly scale: number;
}

export type Prove = (options: ProofOptions) => Promise<Proof>;

/** The sentence, if the law does not hold. */
export function law(holds: boolean, sentence: string): string[] {
  return holds ? [] : [sentence];
}

export function progress(sentence: string): void {
  process.stderr.write(`  ${sentence}\n`);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
