/** Where the live list begins: at the newest events, so that there is something to see, and history ends soon. */
import type { Sluice } from '../../../client/src/sluice.ts';
import { sentenceOf } from '../base/failure.ts';
import { type Question, untilOf } from './question.ts';

const newestMax = 50;

/** `from: null` is all of history: there is next to none. */
export async function firstFrom(
  hasty: Sluice,
  question: Question,
  signal: AbortSignal,
): Promise<{ readonly from: string | null; readonly note?: string }> {
  if (question.since !== null) return { from: question.since };
  try {
    let oldest: string | null = null;
    for await (const { occurred } of hasty.query(untilOf(question), { limit: newestMax, signal })) oldest = occurred;
    return { from: oldest };
  } catch (error) {
    if (signal.aborted) throw error;
    const sentence = sentenceOf(error);
    if (sentence === null) throw error;
    return { from: 'now', note: `No history, live only: ${sentence}` };
  }
}
