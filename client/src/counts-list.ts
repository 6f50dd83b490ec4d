/** The list of a live count, as its frames tell it: at each it is what a count would answer as of that position. */
import type { Count } from '../../schemas/count.ts';
import { type CountsFrame, compareGroups } from '../../schemas/count-frames.ts';

export class CountsList {
  readonly #isOverTime: boolean;
  readonly #items = new Map<string, Count>();

  /** Over time: by `time` or `day`, where the start of a bucket is its key. */
  constructor(isOverTime: boolean) {
    this.#isOverTime = isOverTime;
  }

  apply({ whole, counts = [], changed = [], removed = [] }: CountsFrame): void {
    if (whole === true) this.#items.clear();
    for (const key of removed) this.#items.delete(key);
    for (const item of [...counts, ...changed]) {
      this.#items.set(this.#isOverTime ? item.start_time : item.value, item);
    }
  }

  /** In the order of an answer. */
  counts(): Count[] {
    const items = [...this.#items.values()];
    if (!this.#isOverTime) return items.sort(compareGroups);
    // A number of a bucket is one of its list.
    return items.sort(compareStarts).map((item, at) => ({ ...item, value: String(at) }));
  }
}

/** Without the Z, which sorts behind a point. */
function compareStarts(one: Count, other: Count): number {
  return one.start_time.slice(0, -1) < other.start_time.slice(0, -1) ? -1 : 1;
}
