/**
 * Waiting for a fact of a real Prefect: on a machine that is full of other work it takes minutes. Over Redis what it
 * has lost is sent again with success only once it has forgotten the id, five minutes later.
 */
const patienceMs = 600_000;
/** Asking takes from Prefect what it works with. */
const pauseMs = 250;

/** Asks until the answer is not undefined; rejects with the sentence after minutes. */
export async function patiently<Fact>(
  sentence: string,
  ask: () => Promise<Fact | undefined> | Fact | undefined,
): Promise<Fact> {
  let found: Fact | undefined;
  await untilAll(sentence, 1, async () => {
    found = await ask();
    return found === undefined ? 0 : 1;
  });
  return found as Fact; // The last answer was not undefined.
}

/** Asks until so many are counted; rejects when none has come to them for minutes. No answer is no count. */
export async function untilAll(sentence: string, wanted: number, count: () => Promise<number>): Promise<void> {
  let most = 0;
  let why = '';
  let deadline = Date.now() + patienceMs;
  for (;;) {
    const counted = await count().catch((error: unknown) => {
      why = `: ${String(error)}`;
      return 0;
    });
    if (counted >= wanted) return;
    if (counted > most) deadline = Date.now() + patienceMs;
    most = Math.max(most, counted);
    if (Date.now() > deadline) throw new Error(`Not within ${patienceMs} ms: ${sentence} (${most} of ${wanted})${why}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
