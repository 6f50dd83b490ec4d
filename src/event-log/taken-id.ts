/**
 * Ids are global: one that was first stored under another forced label is taken, and an event with it is no repeat.
 */
import { tagOfLabel, unknownTag } from '../base/label-tag.ts';
import { labelsOf } from './resource-labels.ts';

/**
 * `tag` is the sender's, `first` that of the event that came first with the id; 0 for no forced label. Who has none may
 * send again what was stored under a label, if the event carries it: so an export can be taken in again. Where the
 * first label is not known, an event counts as a repeat. `text` gives the canonical text of the event.
 */
export function isTaken(tag: number, first: number, text: () => string): boolean {
  if (tag === first || first === unknownTag) return false;
  return tag !== 0 || !carries(labelsOf(text()), first);
}

/** Whether one of the labels has this tag. */
export function carries(labels: Iterable<readonly [key: string, value: string]>, tag: number): boolean {
  for (const [key, value] of labels) if (tagOfLabel(key, value) === tag) return true;
  return false;
}
