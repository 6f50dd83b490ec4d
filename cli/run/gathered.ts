/** Messages that are there already, some at a time. */
import type { Message } from '../../client/src/message.ts';

/**
 * At most `most` of those that came while the reader was busy; one that says where the feed stands ends a batch. It
 * waits for the first one only.
 */
export async function* gathered(messages: AsyncIterable<Message>, most: number): AsyncGenerator<Message[]> {
  const iterator = messages[Symbol.asyncIterator]();
  let next = iterator.next();
  // It is awaited below; until then its failure waits too.
  next.catch(() => undefined);
  try {
    for (;;) {
      const batch: Message[] = [];
      let result = await next;
      for (;;) {
        if (result.done === true) break;
        batch.push(result.value);
        next = iterator.next();
        next.catch(() => undefined);
        if (batch.length >= most || result.value.type !== 'event') break;
        const soon = await Promise.race([next, nothingYet()]);
        if (soon === null) break;
        result = soon;
      }
      if (batch.length > 0) yield batch;
      if (result.done === true) return;
    }
  } finally {
    await iterator.return?.();
  }
}

function nothingYet(): Promise<null> {
  return new Promise((resolve) => setImmediate(() => resolve(null)));
}
