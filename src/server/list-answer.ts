/**
 * A JSON list that comes in parts: one whole answer if it is short, else poured as it comes, so that its length costs no memory.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { json } from './http-answer.ts';
import type { RouteAnswer } from './route.ts';

/** Prefect's answers are shorter, and stay one piece with a length. */
const wholeCharactersMax = 256 * 1024;

/** Rejects as the parts do, until the answer has begun. */
export async function listAnswer(parts: AsyncIterable<readonly object[]>): Promise<RouteAnswer> {
  const texts = textsOf(parts);
  let begun = '';
  while (begun.length < wholeCharactersMax) {
    const { value, done } = await texts.next();
    if (done) return json(200, begun);
    begun += value;
  }
  async function* pour(): AsyncGenerator<string> {
    yield begun;
    yield* texts;
  }
  return { pour: pour(), headers: { 'content-type': 'application/json' } };
}

async function* textsOf(parts: AsyncIterable<readonly object[]>): AsyncGenerator<string> {
  yield '[';
  let separator = '';
  for await (const part of parts) {
    if (part.length === 0) continue;
    yield separator + JSON.stringify(part).slice(1, -1);
    separator = ',';
    // Parts come as fast as the store sends them, each a millisecond's work: live events go between them.
    await nextTurn();
  }
  yield ']';
}
