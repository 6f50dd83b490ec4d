/**
 * What is changed of events that were read and are good, before anything of them is kept: values are redacted, and then
 * the sender's forced label is set, which is the operator's and stays. The texts that come of it are read again as if
 * they had been sent so, so that search text, limits of labels and length are those of the whole.
 */
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import type { Counters } from '../base/metrics.ts';
import type { Steps } from '../event-text/in-slices.ts';
import type { IncomingEvent } from '../event-text/incoming-event.ts';
import type { Redactor } from '../event-text/redactor.ts';
import type { ForcedLabels } from './forced-labels.ts';
import { textOf } from './text-of.ts';

export class Rewrites {
  readonly #labels: ForcedLabels;
  readonly #redactor: Redactor | null;
  readonly #counters: Pick<Counters, 'redacted'>;

  constructor(labels: ForcedLabels, redactor: Redactor | null, counters: Pick<Counters, 'redacted'>) {
    this.#labels = labels;
    this.#redactor = redactor;
    this.#counters = counters;
  }

  /** As in TaggedRow. */
  tagOf(label: ForcedLabel | null): number {
    return label === null ? 0 : this.#labels.tagOf(label);
  }

  /** Whether something of a body or message, as it was sent, may have to be changed. */
  mayChange(sent: Buffer, label: ForcedLabel | null): boolean {
    return label !== null || this.#redactor?.mayFind(sent) === true;
  }

  /** The event as a message; null where nothing of it is to be changed. */
  message(event: IncomingEvent, label: ForcedLabel | null): Buffer | null {
    const text = this.#changed(textOf(event), label);
    return text === null ? null : Buffer.from(text);
  }

  /** The events as a body; null where nothing of them is to be changed. */
  *bodySteps(events: readonly IncomingEvent[], label: ForcedLabel | null): Steps<Buffer | null> {
    const texts: string[] = [];
    let hasChanged = false;
    for (const event of events) {
      const text = textOf(event);
      const changed = this.#changed(text, label);
      hasChanged ||= changed !== null;
      texts.push(changed ?? text);
      yield;
    }
    return hasChanged ? Buffer.from(`[${texts.join(',')}]`) : null;
  }

  #changed(text: string, label: ForcedLabel | null): string | null {
    const redacted = this.#redactor?.redact(text) ?? null;
    if (redacted !== null) this.#counters.redacted += redacted.values;
    const open = redacted?.text ?? null;
    return label === null ? open : this.#labels.textWith(open ?? text, label);
  }
}
