/**
 * How many lines of a minute are written, and how many of each group were not: told when the minute is over.
 */
export const windowMs = 60_000;
/** Groups told apart in one minute; what comes beyond them is of `others`. */
const groupsMax = 100;
const others = 'others';

/** Calls once after so many ms. */
type Later = (ms: number, call: () => void) => void;
const afterwards: Later = (ms, call) => void setTimeout(call, ms).unref();

export class LeftOut {
  readonly #linesMax: number;
  readonly #tell: (group: string, lines: number) => void;
  readonly #later: Later;
  #lines = 0;
  #total = 0;
  #groups = new Map<string, number>();
  #isOpen = false;

  constructor(linesMax: number, tell: (group: string, lines: number) => void, later: Later = afterwards) {
    this.#linesMax = linesMax;
    this.#tell = tell;
    this.#later = later;
  }

  /** Ever. */
  get total(): number {
    return this.#total;
  }

  /** Whether the line may be written; if not, it is counted. */
  admits(group: string): boolean {
    if (!this.#isOpen) this.#later(windowMs, () => this.close());
    this.#isOpen = true;
    this.#lines += 1;
    if (this.#lines <= this.#linesMax) return true;
    this.#total += 1;
    const name = this.#groups.has(group) || this.#groups.size < groupsMax ? group : others;
    this.#groups.set(name, (this.#groups.get(name) ?? 0) + 1);
    return false;
  }

  /** Ends the minute; the next line begins another. */
  close(): void {
    const groups = this.#groups;
    this.#groups = new Map();
    this.#lines = 0;
    this.#isOpen = false;
    for (const [group, lines] of groups) this.#tell(group, lines);
  }
}
