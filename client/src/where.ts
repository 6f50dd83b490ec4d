/**
 * Filters step by step: `where().event('door.*').resource('lift.3', { region: ['eu', 'us'] }).filter`. It makes only
 * what the API has; steps of one part add to each other.
 */
import type { EventFilter, FilterAnyResource, FilterLabels, FilterRelated } from './event-filter.ts';

type Mutable<Part> = { -readonly [Key in keyof Part]: Part[Key] };
type Terms = readonly (string | FilterLabels)[];

export class Where {
  /** To be given wherever a filter is wanted. */
  readonly filter: EventFilter;

  constructor(filter: EventFilter) {
    this.filter = filter;
  }

  /** One of these names; one that ends in `*` begins so. */
  event(...names: readonly string[]): Where {
    const { name, prefix } = split(names);
    return this.#with({ event: { ...this.filter.event, ...added(this.filter.event, { name, prefix }) } });
  }

  /** None of these names; one that ends in `*` begins so. */
  notEvent(...names: readonly string[]): Where {
    const { name, prefix } = split(names);
    const more = added(this.filter.event, { exclude_name: name, exclude_prefix: prefix });
    return this.#with({ event: { ...this.filter.event, ...more } });
  }

  /**
   * Ids, of which one must fit (one that ends in `*` begins so), and labels, which must all fit. A label has a value,
   * or values of which one must fit: `*` is any run, `?` one character, `!` in front negates.
   */
  resource(...terms: Terms): Where {
    const { resource } = this.filter;
    const { ids, labels } = termsOf(terms);
    const { name: id, prefix } = split(ids);
    const more = added(resource, { id, id_prefix: prefix });
    return this.#with({ resource: { ...resource, ...more, ...withLabels(resource?.labels, labels) } });
  }

  /** One related resource meets all of this; a further call wants one more. */
  related(entry: FilterRelated): Where {
    return this.#with({ related: [...listOf(this.filter.related), entry] });
  }

  /** The resource itself, or one related to it, meets all of this; a further call wants one more. */
  anyResource(entry: FilterAnyResource): Where {
    return this.#with({ any_resource: [...listOf(this.filter.any_resource), entry] });
  }

  id(...ids: readonly string[]): Where {
    return this.#with({ id: { id: [...(this.filter.id?.id ?? []), ...ids] } });
  }

  /** Words of which one must be there, `+word` must, `-word` must not, `"a phrase"`. An extension. */
  text(query: string): Where {
    return this.#with({ text: { query } });
  }

  /** From then on. */
  since(time: Date | string): Where {
    return this.#with({ occurred: { ...this.filter.occurred, since: isoOf(time) } });
  }

  /** Up to then, inclusive. */
  until(time: Date | string): Where {
    return this.#with({ occurred: { ...this.filter.occurred, until: isoOf(time) } });
  }

  #with(part: EventFilter): Where {
    return new Where({ ...this.filter, ...part });
  }
}

/** All events, to be narrowed. */
export function where(filter: EventFilter = {}): Where {
  return new Where(filter);
}

function split(texts: readonly string[]): { readonly name: readonly string[]; readonly prefix: readonly string[] } {
  return {
    name: texts.filter((text) => !text.endsWith('*')),
    prefix: texts.filter((text) => text.endsWith('*')).map((text) => text.slice(0, -1)),
  };
}

/** Lists behind those that are there; a list without items is left out. */
function added<Part extends object>(before: Part | undefined, more: Readonly<Record<string, readonly string[]>>) {
  const part: Mutable<Record<string, readonly string[]>> = {};
  for (const [key, list] of Object.entries(more)) {
    const lists = before as Readonly<Record<string, readonly string[]>> | undefined; // only lists are asked for
    const known = lists?.[key] ?? [];
    if (list.length > 0) part[key] = [...known, ...list];
  }
  return part;
}

function termsOf(terms: Terms): { readonly ids: readonly string[]; readonly labels: FilterLabels } {
  const ids = terms.filter((term) => typeof term === 'string');
  const labels: FilterLabels = Object.assign({}, ...terms.filter((term) => typeof term !== 'string'));
  return { ids, labels };
}

function withLabels(before: FilterLabels | undefined, labels: FilterLabels): { readonly labels?: FilterLabels } {
  return Object.keys(labels).length === 0 ? {} : { labels: { ...before, ...labels } };
}

function listOf<Entry extends object>(entries: Entry | readonly Entry[] | undefined): readonly Entry[] {
  if (entries === undefined) return [];
  return Array.isArray(entries) ? entries : [entries as Entry]; // no entry is a list
}

function isoOf(time: Date | string): string {
  return typeof time === 'string' ? time : time.toISOString();
}
