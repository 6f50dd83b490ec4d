/**
 * Which of many events a Sluice has stored.
 */
import { eventLike, publish, query, untilFound } from '../../support/events.ts';
import type { Target } from '../../support/target.ts';

const idsMax = 50;

/** Of these ids, those that are stored; all that came before has been stored when it resolves. */
export async function storedOf(target: Target, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const last = eventLike({ event: 'edge.last' });
  await publish(target, [last]);
  await untilFound(target, { id: { id: [last.id] } }, 1);
  const stored = new Set<string>();
  for (let at = 0; at < ids.length; at += idsMax) {
    const page = await query(target, { id: { id: ids.slice(at, at + idsMax) } });
    for (const { id } of page.events) stored.add(id);
  }
  return stored;
}
