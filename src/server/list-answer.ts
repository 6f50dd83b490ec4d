/**
 * A JSON list that comes in parts: one whole answer if it is short, else poured as it comes, so that its length costs
 * no memory.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { json } from './http-answer.ts';
import type { RouteAnswer } from './route.ts';

/** Prefect's answers are shorter, and stay one piece with a length. */
const wholeBytesMax = 256 * 1024;
const opening = Buffer.from('[');
const closing = Buffer.from(']');

/**
 * Of parts that are JSON text of items, each with a comma behind it. Rejects as they do, until the answer has begun.
 */
export async function listAnswer(parts: AsyncIterable<Uint8Array>): Promise<RouteAnswer> {
  const pieces = piecesOf(parts);
  const begun: Uint8Array[] = [];
  for (let bytes = 0; bytes < wholeBytesMax; ) {
    const { value, done } = await pieces.next();
    if (done) return json(200, Buffer.concat(begun));
    begun.push(value);
    bytes += value.length;
  }
  async function* pour(): AsyncGenerator<Uint8Array> {
    try {
      yield* begun;
      yield* pieces;
    } finally {
      // Whoever leaves among those that were gathered never came to these, which hold a place of the store.
      await pieces.return(undefined);
    }
  }
  return { pour: pour(), headers: { 'content-type': 'application/json' } };
}

/** A part goes when the next one has come: the comma behind the last one does not. */
async function* piecesOf(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield opening;
  let last: Uint8Array | null = null;
  for await (const part of parts) {
    if (last !== null) yield last;
    last = part;
    // Parts come as fast as the store sends them: live events go between them.
    await nextTurn();
  }
  if (last !== null) yield last.subarray(0, -1);
  yield closing;
}
