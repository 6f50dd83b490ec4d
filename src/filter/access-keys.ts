/**
 * The maps of the filter index: entries by a whole text, by what a text starts with, and both for each label. What is
 * removed leaves nothing behind, so the maps are as large as the filters in use.
 */

export interface Keys<Entry> {
  readonly isEmpty: boolean;
  /** Twice is once. */
  add(key: string, entry: Entry): void;
  /** Does nothing if it is not there. */
  remove(key: string, entry: Entry): void;
  /** How many entries were put under the key. */
  count(key: string): number;
  /** Every entry under a key that the text has. */
  forEach(text: string, test: (entry: Entry) => void): void;
}

/**
 * Entries by a whole text. Most keys have one entry: the map then holds the entry itself, for a set takes five times as
 * much memory.
 */
export class ExactKeys<Entry extends object> implements Keys<Entry> {
  readonly #entries = new Map<string, Entry | Several<Entry>>();

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  add(key: string, entry: Entry): void {
    const present = this.#entries.get(key);
    if (present === undefined) this.#entries.set(key, entry);
    else if (present instanceof Several) present.add(entry);
    else if (present !== entry) this.#entries.set(key, new Several([present, entry]));
  }

  remove(key: string, entry: Entry): void {
    const present = this.#entries.get(key);
    if (present === entry) this.#entries.delete(key);
    if (!(present instanceof Several) || !present.delete(entry)) return;
    const [first] = present;
    if (present.size === 1 && first !== undefined) this.#entries.set(key, first);
  }

  count(key: string): number {
    const present = this.#entries.get(key);
    if (present === undefined) return 0;
    return present instanceof Several ? present.size : 1;
  }

  forEach(text: string, test: (entry: Entry) => void): void {
    const present = this.#entries.get(text);
    if (present === undefined) return;
    if (!(present instanceof Several)) test(present);
    else for (const entry of present) test(entry);
  }
}

/** Two entries or more. A class of its own, so that no entry is taken for it. */
class Several<Entry> extends Set<Entry> {}

/** A longer prefix is kept by its beginning. So a text is looked up under this many lengths at most. */
const prefixLengthMax = 48;

/** Entries by what a text starts with: one map for each length in use. */
export class PrefixKeys<Entry extends object> implements Keys<Entry> {
  readonly #byLength = new Map<number, ExactKeys<Entry>>();

  get isEmpty(): boolean {
    return this.#byLength.size === 0;
  }

  add(key: string, entry: Entry): void {
    const start = key.slice(0, prefixLengthMax);
    presentOr(this.#byLength, start.length, () => new ExactKeys<Entry>()).add(start, entry);
  }

  remove(key: string, entry: Entry): void {
    const start = key.slice(0, prefixLengthMax);
    removeWithin(this.#byLength, start.length, start, entry);
  }

  count(key: string): number {
    const start = key.slice(0, prefixLengthMax);
    return this.#byLength.get(start.length)?.count(start) ?? 0;
  }

  forEach(text: string, test: (entry: Entry) => void): void {
    for (const [length, keys] of this.#byLength) {
      if (length <= text.length) keys.forEach(text.slice(0, length), test);
    }
  }
}

/** Keys of their own for each label. */
export class LabelKeys<Entry extends object> {
  readonly #byLabel = new Map<string, Keys<Entry>>();
  readonly #makeKeys: () => Keys<Entry>;

  constructor(makeKeys: () => Keys<Entry>) {
    this.#makeKeys = makeKeys;
  }

  get isEmpty(): boolean {
    return this.#byLabel.size === 0;
  }

  /** The keys of one label, present or not. */
  of(label: string): Pick<Keys<Entry>, 'add' | 'remove' | 'count'> {
    return {
      add: (key, entry) => presentOr(this.#byLabel, label, this.#makeKeys).add(key, entry),
      remove: (key, entry) => removeWithin(this.#byLabel, label, key, entry),
      count: (key) => this.#byLabel.get(label)?.count(key) ?? 0,
    };
  }

  forEach(label: string, value: string, test: (entry: Entry) => void): void {
    this.#byLabel.get(label)?.forEach(value, test);
  }
}

function removeWithin<Outer, Entry>(maps: Map<Outer, Keys<Entry>>, outer: Outer, key: string, entry: Entry): void {
  const keys = maps.get(outer);
  if (keys === undefined) return;
  keys.remove(key, entry);
  if (keys.isEmpty) maps.delete(outer);
}

function presentOr<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make();
  map.set(key, made);
  return made;
}
