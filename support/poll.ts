/**
 * Waiting for a fact: asked again and again until it holds or the deadline has passed. No test sleeps instead.
 */
const pauseMs = 25;

/** Asks until the answer is not undefined; rejects with the sentence at the deadline. */
export async function until<Fact>(
  sentence: string,
  ask: () => Promise<Fact | undefined> | Fact | undefined,
  deadlineMs = 120_000,
): Promise<Fact> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const fact = await ask();
    if (fact !== undefined) return fact;
    if (Date.now() > deadline) throw new Error(`Not within ${deadlineMs} ms: ${sentence}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** The promise, or a rejection with the sentence after the deadline. */
export async function within<Value>(sentence: string, deadlineMs: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not within ${deadlineMs} ms: ${sentence}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
