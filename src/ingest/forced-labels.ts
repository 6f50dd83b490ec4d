/**
 * Forced labels: set on events that were read and are good. The texts that come of it are read again as if they had
 * been sent so, so that search text, limits of labels and length are those of the whole.
 */
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import { tagOfLabel } from '../base/label-tag.ts';
import type { Counters } from '../base/metrics.ts';
import type { Steps } from '../event-text/in-slices.ts';
import type { IncomingEvent } from '../event-text/incoming-event.ts';
import { setLabel, textOf } from './resource-labels.ts';

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

  /** The event as a message with the label. */
  message(event: IncomingEvent, label: ForcedLabel): Buffer {
    return Buffer.from(this.#textWith(event, label));
  }

  /** The events as a body with the label. */
  *bodySteps(events: readonly IncomingEvent[], label: ForcedLabel): Steps<Buffer> {
    const texts: string[] = [];
    for (const event of events) {
      texts.push(this.#textWith(event, label));
      yield;
    }
    return Buffer.from(`[${texts.join(',')}]`);
  }

  #textWith(event: IncomingEvent, { key, value }: ForcedLabel): string {
    const { text, hasReplaced } = setLabel(textOf(event), key, value);
    if (hasReplaced) this.#counters.labelsReplaced += 1;
    return text;
  }
}
