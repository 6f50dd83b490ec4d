/**
 * The maps of the filter index: entries by a whole text, by what a text starts with, and both for each label. What is
 * removed leaves nothing behind, so the maps are as large as the filters in use.
 */

export type Remove = () => void;

export interface Keys<Entry> {
  readonly isEmpty: boolean;
  add(key: string, entry: Entry): Remove;
  /** How many entries were put under the key. */
  count(key: string): number;
  /** Every entry under a key that the text has. */
  forEach(text: string, test: (entry: Entry) => void): void;
}

/** Entries by the whole of a text. */
export class ExactKeys<Entry> implements Keys<Entry> {
  readonly #sets = new Map<string, Set<Entry>>();

  get isEmpty(): boolean {
    return this.#sets.size === 0;
  }

  add(key: string, entry: Entry): Remove {
    const entries = presentOr(this.#sets, key, () => new Set<Entry>());
    entries.add(entry);
    return () => {
      entries.delete(entry);
      if (entries.size === 0 && this.#sets.get(key) === entries) this.#sets.delete(key);
    };
  }

  count(key: string): number {
    return this.#sets.get(key)?.size ?? 0;
  }

  forEach(text: string, test: (entry: Entry) => void): void {
    const entries = this.#sets.get(text);
    if (entries === undefined) return;
    for (const entry of entries) test(entry);
  }
}

/** A longer prefix is kept by its beginning, so that a text is looked up under so many lengths at most. */
const prefixLengthMax = 48;

/** Entries by what a text starts with: one map for each length in use. */
export class PrefixKeys<Entry> implements Keys<Entry> {
  readonly #byLength = new Map<number, ExactKeys<Entry>>();

  get isEmpty(): boolean {
    return this.#byLength.size === 0;
  }

  add(key: string, entry: Entry): Remove {
    const start = key.slice(0, prefixLengthMax);
    return addWithin(this.#byLength, start.length, () => new ExactKeys<Entry>(), start, entry);
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
export class LabelKeys<Entry> {
  readonly #byLabel = new Map<string, Keys<Entry>>();
  readonly #makeKeys: () => Keys<Entry>;

  constructor(makeKeys: () => Keys<Entry>) {
    this.#makeKeys = makeKeys;
  }

  get isEmpty(): boolean {
    return this.#byLabel.size === 0;
  }

  add(label: string, key: string, entry: Entry): Remove {
    return addWithin(this.#byLabel, label, this.#makeKeys, key, entry);
  }

  count(label: string, key: string): number {
    return this.#byLabel.get(label)?.count(key) ?? 0;
  }

  forEach(label: string, value: string, test: (entry: Entry) => void): void {
    this.#byLabel.get(label)?.forEach(value, test);
  }
}

function addWithin<Outer, Entry>(
  maps: Map<Outer, Keys<Entry>>,
  outer: Outer,
  makeKeys: () => Keys<Entry>,
  key: string,
  entry: Entry,
): Remove {
  const keys = presentOr(maps, outer, makeKeys);
  const remove = keys.add(key, entry);
  return () => {
    remove();
    if (keys.isEmpty && maps.get(outer) === keys) maps.delete(outer);
  };
}

function presentOr<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make();
  map.set(key, made);
  return made;
}
