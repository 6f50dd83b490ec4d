/**
 * What counters ask of an event, kept until they look: its row is gone by then. Kept ones are used again for other
 * events, and short texts are shared, so that hardly anything new outlives the turn in which an event came.
 */
import type { CountedEvent, Heard } from './counted-event.ts';
import type { Question } from './question.ts';

/** What some questions ask of events. */
export class AskedOfEvents {
  hasName = false;
  hasResource = false;
  hasLabelNames = false;
  /** Which of an event's kept texts is the value of a label. */
  readonly columns = new Map<string, number>();

  add({ countable }: Question): void {
    if (countable === 'event') this.hasName = true;
    if (countable === 'resource') this.hasResource = true;
    if (typeof countable === 'string') return;
    const { label } = countable;
    if (label === null) this.hasLabelNames = true;
    else if (!this.columns.has(label)) this.columns.set(label, this.columns.size);
  }
}

export class HeardEvent implements Heard {
  seq = 0;
  seconds = 0;
  micros = 0;
  name = '';
  resourceId = '';
  resourceName = '';
  labelNames: readonly string[] = [];
  readonly #asked: AskedOfEvents;
  readonly #labels: (string | null)[] = [];

  constructor(asked: AskedOfEvents) {
    this.#asked = asked;
  }

  /**
   * From now on it is this event, of which all is kept that is asked for now. Gives how many characters the texts
   * have that it does not share: long ones, and the names of its labels.
   */
  become(event: CountedEvent, texts: SharedTexts): number {
    const { hasName, hasResource, hasLabelNames, columns } = this.#asked;
    this.seq = event.seq;
    this.seconds = event.seconds;
    this.micros = event.micros;
    if (hasName) this.name = texts.share(event.name, this.name);
    if (hasResource) {
      this.resourceId = texts.share(event.resourceId, this.resourceId);
      this.resourceName = texts.share(event.resourceName, this.resourceName);
    }
    if (hasLabelNames) this.labelNames = event.labelNames;
    for (const [label, at] of columns) {
      const value = event.label(label);
      this.#labels[at] = value === null ? null : texts.share(value, this.#labels[at] ?? '');
    }
    return this.#ownLength();
  }

  #ownLength(): number {
    let length = ownLengthOf(this.name) + ownLengthOf(this.resourceId) + ownLengthOf(this.resourceName);
    for (const label of this.#labels) if (label !== null) length += ownLengthOf(label);
    for (const name of this.labelNames) length += name.length;
    return length;
  }

  label(name: string): string | null {
    const at = this.#asked.columns.get(name);
    return at === undefined ? null : (this.#labels[at] ?? null);
  }
}

/** Those of a filter that not all of its counters have counted. */
export interface KeptEvents {
  readonly count: number;
  /** In the order of seq. */
  at(index: number): HeardEvent;
}

function ownLengthOf(text: string): number {
  return text.length > longestShared ? text.length : 0;
}

const textsMax = 8_192;
const longestShared = 200;

/** One text for all that are equal, as far as there is room. */
export class SharedTexts {
  readonly #texts = new Map<string, string>();

  /** `last` is what stood there before: it is often the same. */
  share(text: string, last: string): string {
    if (text === last) return last;
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const own = ownText(text);
    if (own.length > longestShared) return own;
    if (this.#texts.size >= textsMax) this.#texts.clear();
    this.#texts.set(own, own);
    return own;
  }
}

/** The text itself: a part of a longer one would keep that one. */
export function ownText(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
