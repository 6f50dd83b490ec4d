/** Waiting for a fact of a real Prefect: on a machine that is full of other work it takes minutes. */
import { until } from '../../support/poll.ts';

const patienceMs = 400_000;

/** As `until`. */
export function patiently<Fact>(
  sentence: string,
  ask: () => Promise<Fact | undefined> | Fact | undefined,
): Promise<Fact> {
  return until(sentence, ask, patienceMs);
}
