/**
 * Forced labels: set in the canonical texts of events, and the tag that each is remembered by.
 */
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import { tagOfLabel } from '../base/label-tag.ts';
import type { Counters } from '../base/metrics.ts';
import { setLabel } from '../event-log/resource-labels.ts';

export class ForcedLabels {
  readonly #counters: Pick<Counters, 'labelsReplaced'>;
  readonly #tags = new WeakMap<ForcedLabel, number>();

  constructor(counters: Pick<Counters, 'labelsReplaced'>) {
    this.#counters = counters;
  }

  tagOf(label: ForcedLabel): number {
    let tag = this.#tags.get(label);
    if (tag === undefined) {
      tag = tagOfLabel(label.key, label.value);
      this.#tags.set(label, tag);
    }
    return tag;
  }

  /** The canonical text of an event with the label. */
  textWith(canonical: string, { key, value }: ForcedLabel): string {
    const { text, hasReplaced } = setLabel(canonical, key, value);
    if (hasReplaced) this.#counters.labelsReplaced += 1;
    return text;
  }
}
