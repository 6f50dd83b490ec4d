/**
 * Many filters, one event: finds those that fit by testing only the few that share an access key with the event.
 * Each filter sits under one key, the most selective it has; the compiled predicate decides (so the index cannot break I6).
 */
import { type Labels, resourceIdLabel } from '../../schemas/event.ts';
import type { Filter, LabelPatterns } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { ExactKeys, type Keys, LabelKeys, PrefixKeys } from './access-keys.ts';
import { literalPrefix, type Pattern, parsePattern } from './pattern.ts';
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

  /** Returns the way to remove it again. `fits` is the filter's predicate, if there is one already. */
  add(filter: Filter, value: Value, fits: (event: StoredEvent) => boolean = compilePredicate(filter)): () => void {
    const entry = { fits, value, lastVisit: 0 };
    const place = this.#placeOf(filter);
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
    // An event is decoded as it is asked: nothing is looked at for which no filter stands.
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

  /** Where every event that fits the filter comes by; null where only all of them do. */
  #placeOf(filter: Filter): Place<Value> | null {
    const { id, resource, related, anyResource } = filter;
    if (areKeys(id)) return { keys: this.#eventIds, texts: id };
    if (areKeys(resource.id)) return { keys: this.#resourceIds, texts: resource.id };
    const relatedIds = related.map(relatedIdsOf).find(isSelective);
    if (relatedIds) return { keys: this.#relatedIds, texts: relatedIds };
    const anyIds = anyResource.map((any) => any.id).find(isSelective);
    if (anyIds) return { keys: this.#anyIds, texts: anyIds };
    const labels = parsedLabels(resource.labels);
    const exact = labels.find(({ isExact, prefixes }) => isExact && prefixes.length <= keysMax);
    if (exact) return { keys: this.#labels.of(exact.label), texts: exact.prefixes };
    return this.#placeWhereFewest(filter, labels);
  }

  /**
   * A short beginning or a common name may be shared by thousands of filters, and which one it is the filters alone tell: of the
   * weaker keys that one is taken under which the fewest stand already.
   */
  #placeWhereFewest({ resource, event }: Filter, labels: ReturnType<typeof parsedLabels>): Place<Value> | null {
    const places: Place<Value>[] = labels.map(({ label, prefixes }) => {
      return { keys: this.#labelPrefixes.of(label), texts: prefixes };
    });
    places.push({ keys: this.#resourceIdPrefixes, texts: resource.idPrefix }, { keys: this.#names, texts: event.name });
    const best = fewest(places.filter(({ texts }) => isSelective(texts)));
    if (best !== null) return best;
    return isSelective(event.prefix) ? { keys: this.#namePrefixes, texts: event.prefix } : null;
  }
}

/** A filter stands under each of the texts. */
interface Place<Value> {
  readonly keys: Pick<Keys<Entry<Value>>, 'add' | 'remove' | 'count'>;
  readonly texts: readonly string[];
}

/** The first of those under whose texts the fewest entries stand. */
function fewest<Value>(places: readonly Place<Value>[]): Place<Value> | null {
  let best: Place<Value> | null = null;
  let standingAtBest = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const standing = place.texts.reduce((sum, text) => sum + place.keys.count(text), 0);
    if (standing >= standingAtBest) continue;
    best = place;
    standingAtBest = standing;
  }
  return best;
}

function parsedLabels(labels: LabelPatterns) {
  return Object.keys(labels).map((label) => {
    const patterns = (labels[label] ?? []).map((pattern) => parsePattern(label, pattern));
    return { label, isExact: patterns.every(isExact), prefixes: patterns.map(literalPrefix) };
  });
}

interface Entry<Value> {
  readonly fits: (event: StoredEvent) => boolean;
  readonly value: Value;
  /** So that an event that finds an entry under two keys tests it once. */
  lastVisit: number;
}

function relatedIdsOf(entry: Filter['related'][number]): readonly string[] {
  return entry.id.length > 0 ? entry.id : entry.resourcesInRoles.map(([id]) => id);
}

function isExact({ isNegated, kind }: Pattern): boolean {
  return !isNegated && kind === 'equals';
}

/** A filter with more keys of a kind is tried on every event: to put it under each of them would take longer than a thousand tries. */
const keysMax = 4096;

/** Without keys there is no condition. */
function areKeys(keys: readonly string[]): boolean {
  return keys.length > 0 && keys.length <= keysMax;
}

/** An empty prefix selects nothing. */
function isSelective(keys: readonly string[]): boolean {
  return areKeys(keys) && keys.every((key) => key !== '');
}
