/**
 * Many filters, one event: finds those that fit by testing only the few that share an access key with the event.
 * Each filter sits under one key, the most selective it has; the compiled predicate decides (so the index cannot break I6).
 */
import { type Labels, resourceIdLabel } from '../../schemas/event.ts';
import type { Filter, LabelPatterns } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { ExactKeys, type Keys, LabelKeys, PrefixKeys, type Remove } from './access-keys.ts';
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

  /** Returns the way to remove it again. */
  add(filter: Filter, value: Value): Remove {
    const entry = { fits: compilePredicate(filter), value, lastVisit: 0 };
    const removes = this.#place(filter, entry);
    return () => {
      for (const remove of removes) remove();
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

  /** Puts the filter where every event that fits it comes by. */
  #place(filter: Filter, entry: Entry<Value>): readonly Remove[] {
    const { id, resource, related, anyResource } = filter;
    if (id.length > 0) return id.map((key) => this.#eventIds.add(key, entry));
    if (resource.id.length > 0) return resource.id.map((key) => this.#resourceIds.add(key, entry));
    const relatedIds = related.map(relatedIdsOf).find(isSelective);
    if (relatedIds) return relatedIds.map((key) => this.#relatedIds.add(key, entry));
    const anyIds = anyResource.map((any) => any.id).find(isSelective);
    if (anyIds) return anyIds.map((key) => this.#anyIds.add(key, entry));
    return this.#placeByLabel(resource.labels, entry) ?? this.#placeWhereFewest(filter, entry);
  }

  #placeByLabel(labels: LabelPatterns, entry: Entry<Value>): readonly Remove[] | null {
    const exact = parsedLabels(labels).find(({ isExact }) => isExact);
    return exact?.prefixes.map((value) => this.#labels.add(exact.label, value, entry)) ?? null;
  }

  /**
   * A short beginning or a common name may be shared by thousands of filters, and which one it is the filters alone tell: of the
   * weaker keys that one is taken under which the fewest stand already.
   */
  #placeWhereFewest({ resource, event }: Filter, entry: Entry<Value>): readonly Remove[] {
    const options: Option[] = [];
    for (const { label, prefixes } of parsedLabels(resource.labels)) {
      options.push({
        texts: prefixes,
        count: (text) => this.#labelPrefixes.count(label, text),
        add: (text) => this.#labelPrefixes.add(label, text, entry),
      });
    }
    const option = (keys: Keys<Entry<Value>>, texts: readonly string[]): Option => {
      return { texts, count: (text) => keys.count(text), add: (text) => keys.add(text, entry) };
    };
    options.push(option(this.#resourceIdPrefixes, resource.idPrefix), option(this.#names, event.name));
    const best = fewest(options.filter(({ texts }) => isSelective(texts)));
    if (best !== null) return best.texts.map(best.add);
    if (isSelective(event.prefix)) return event.prefix.map((key) => this.#namePrefixes.add(key, entry));
    this.#rest.add(entry);
    return [() => this.#rest.delete(entry)];
  }
}

/** A kind of key that a filter could be put under: under each of the texts. */
interface Option {
  readonly texts: readonly string[];
  readonly count: (text: string) => number;
  readonly add: (text: string) => Remove;
}

/** The first of those under whose keys the fewest entries stand. */
function fewest(options: readonly Option[]): Option | null {
  const standing = ({ texts, count }: Option): number => texts.reduce((sum, text) => sum + count(text), 0);
  return options.reduce<Option | null>((best, each) => {
    return best === null || standing(each) < standing(best) ? each : best;
  }, null);
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

/** Without keys there is no condition, and an empty prefix selects nothing. */
function isSelective(keys: readonly string[]): boolean {
  return keys.length > 0 && keys.every((key) => key !== '');
}
