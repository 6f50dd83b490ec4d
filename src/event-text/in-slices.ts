/**
 * Work that may take long, in steps: at once, or a slice of time in each turn, so that others come between.
 */

/** Each step takes no longer than one event or a thousand values do. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** With the step that is under way at its end, a slice stays under 20 ms. */
const sliceMs = 8;

/** Does all steps at once. */
export function finished<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Does the steps of a slice, then lets all others that wait have their turn. */
export async function inSlices<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    const endMs = performance.now() + sliceMs;
    do {
      const { done, value } = steps.next();
      if (done) return value;
    } while (performance.now() < endMs);
    await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
