/**
 * Finds which of many filters an event fits. Only those are tested that share an access key with the event. Each filter
 * stands under one kind of key, the most selective that it has. The compiled predicate decides, so the index cannot
 * break I6.
 */
import { type Labels, resourceIdLabel } from '../../schemas/event.ts';
import type { AllFilters } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { ExactKeys, type Keys, LabelKeys, PrefixKeys } from './access-keys.ts';
import type { Access } from './filter-part.ts';
import { askParts } from './filter-parts.ts';
import { compilePredicate } from './predicate.ts';

export class FilterIndex<Value> {
  readonly #eventIds = new ExactKeys<Entry<Value>>();
  readonly #resourceIds = new ExactKeys<Entry<Value>>();
  readonly #relatedIds = new ExactKeys<Entry<Value>>();
  readonly #anyIds = new ExactKeys<Entry<Value>>();
  readonly #labels = new LabelKeys<Entry<Value>>(() => new ExactKeys());
  readonly #labelPrefixes = new LabelKeys<Entry<Value>>(() => new PrefixKeys());
  readonly #resourceIdPrefixes = new PrefixKeys<Entry<Value>>();
  readonly #names = new ExactKeys<Entry<Value>>();
  readonly #namePrefixes = new PrefixKeys<Entry<Value>>();
  readonly #rest = new Set<Entry<Value>>();
  #visit = 0;

  /**
   * Adds filters that must all match, and returns the way to remove them. `fits` is their predicate, if there is one
   * already.
   */
  add(
    filters: AllFilters,
    value: Value,
    fits: (event: StoredEvent) => boolean = compilePredicate(filters),
  ): () => void {
    const entry = { fits, value, lastVisit: 0 };
    const place = this.#placeOf(filters);
    if (place === null) {
      this.#rest.add(entry);
      return () => void this.#rest.delete(entry);
    }
    const { keys, texts } = place;
    for (const text of texts) keys.add(text, entry);
    return () => {
      for (const text of texts) keys.remove(text, entry);
    };
  }

  /** Visits each filter that fits once, in no particular order. Not to be called again from within `visit`. */
  forEachMatch(event: StoredEvent, visit: (value: Value) => void): void {
    this.#visit += 1;
    const thisVisit = this.#visit;
    const test = (entry: Entry<Value>): void => {
      if (entry.lastVisit === thisVisit) return;
      entry.lastVisit = thisVisit;
      if (entry.fits(event)) visit(entry.value);
    };
    // An event is decoded when it is asked: what no filter asks for is not looked at.
    const { body } = event;
    if (!this.#eventIds.isEmpty) this.#eventIds.forEach(body.id, test);
    if (this.#looksAtResource) this.#probeResource(body.resource, test);
    if (!this.#relatedIds.isEmpty || !this.#anyIds.isEmpty) this.#probeRelated(body.related, test);
    if (!this.#names.isEmpty || !this.#namePrefixes.isEmpty) this.#probeName(body.event, test);
    for (const entry of this.#rest) test(entry);
  }

  get #looksAtResource(): boolean {
    const hasIds = !this.#resourceIds.isEmpty || !this.#anyIds.isEmpty || !this.#resourceIdPrefixes.isEmpty;
    return hasIds || this.#looksAtLabels;
  }

  get #looksAtLabels(): boolean {
    return !this.#labels.isEmpty || !this.#labelPrefixes.isEmpty;
  }

  #probeResource(labels: Labels, test: (entry: Entry<Value>) => void): void {
    const id = labels[resourceIdLabel] ?? '';
    this.#resourceIds.forEach(id, test);
    this.#anyIds.forEach(id, test);
    this.#resourceIdPrefixes.forEach(id, test);
    if (!this.#looksAtLabels) return;
    for (const label of Object.keys(labels)) {
      const value = labels[label] ?? '';
      this.#labels.forEach(label, value, test);
      this.#labelPrefixes.forEach(label, value, test);
    }
  }

  #probeRelated(related: readonly Labels[], test: (entry: Entry<Value>) => void): void {
    for (const labels of related) {
      const id = labels[resourceIdLabel] ?? '';
      this.#relatedIds.forEach(id, test);
      this.#anyIds.forEach(id, test);
    }
  }

  #probeName(name: string, test: (entry: Entry<Value>) => void): void {
    this.#names.forEach(name, test);
    this.#namePrefixes.forEach(name, test);
  }

  /** The keys under which every event that fits is looked up; null if there are none. */
  #placeOf(filters: AllFilters): KeyPlace<Value> | null {
    const accesses = filters
      .flatMap((filter) => askParts(filter, (part, value) => part.access(value)).flat())
      .filter(isSelective);
    for (const kind of selectiveKinds) {
      const found = accesses.find(({ by }) => by === kind);
      if (found !== undefined) return this.#placeAt(found);
    }
    const shared = sharedKinds.flatMap((kind) => accesses.filter(({ by }) => by === kind));
    const ofName = accesses.find(({ by }) => by === 'namePrefix');
    return fewest(shared.map((access) => this.#placeAt(access))) ?? (ofName ? this.#placeAt(ofName) : null);
  }

  #placeAt(access: Access): KeyPlace<Value> {
    return { keys: this.#keysOf(access), texts: access.texts };
  }

  #keysOf(access: Access): KeyPlace<Value>['keys'] {
    switch (access.by) {
      case 'eventId':
        return this.#eventIds;
      case 'resourceId':
        return this.#resourceIds;
      case 'relatedId':
        return this.#relatedIds;
      case 'anyId':
        return this.#anyIds;
      case 'label':
        return this.#labels.of(access.label);
      case 'labelPrefix':
        return this.#labelPrefixes.of(access.label);
      case 'resourceIdPrefix':
        return this.#resourceIdPrefixes;
      case 'name':
        return this.#names;
      case 'namePrefix':
        return this.#namePrefixes;
    }
  }
}

/** The best first: few filters stand under one such text. */
const selectiveKinds = ['eventId', 'resourceId', 'relatedId', 'anyId', 'label'] as const;
/**
 * Thousands of filters may share a short beginning or a common name. The filter alone does not tell: the key is taken
 * under which the fewest filters stand.
 */
const sharedKinds = ['labelPrefix', 'resourceIdPrefix', 'name'] as const;

/** A filter stands under each of the texts. */
interface KeyPlace<Value> {
  readonly keys: Pick<Keys<Entry<Value>>, 'add' | 'remove' | 'count'>;
  readonly texts: readonly string[];
}

/** The first place under whose texts the fewest entries stand. */
function fewest<Value>(places: readonly KeyPlace<Value>[]): KeyPlace<Value> | null {
  let best: KeyPlace<Value> | null = null;
  let standingAtBest = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const standing = place.texts.reduce((sum, text) => sum + place.keys.count(text), 0);
    if (standing >= standingAtBest) continue;
    best = place;
    standingAtBest = standing;
  }
  return best;
}

interface Entry<Value> {
  readonly fits: (event: StoredEvent) => boolean;
  readonly value: Value;
  /** An event that finds an entry under two keys tests it once. */
  lastVisit: number;
}

/**
 * A filter with more keys of a kind is tried on every event. To put it under each key would take longer than a thousand
 * tries.
 */
const keysMax = 4096;

/** An empty beginning selects nothing. */
function isSelective({ by, texts }: Access): boolean {
  const isPrefix = by === 'labelPrefix' || by === 'resourceIdPrefix' || by === 'namePrefix';
  return texts.length <= keysMax && !(isPrefix && texts.includes(''));
}
