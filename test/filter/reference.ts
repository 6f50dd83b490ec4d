/**
 * What docs/prefect-facts.md, "Filters" says about a filter, written down once more and as plainly as possible, on the
 * filter as sent: what predicate and SQL are held against.
 */
import type { Filter } from '../../schemas/filter.ts';
import { foldText, type StoredEvent } from '../../schemas/stored-event.ts';

interface Sent {
  [part: string]: unknown;
}
type Labels = Readonly<Record<string, string>>;
type Patterns = Readonly<Record<string, string | string[]>>;

const idLabel = 'prefect.resource.id';
const roleLabel = 'prefect.resource.role';

export function referenceFits(filter: Sent, event: StoredEvent): boolean {
  return Object.entries(meanings).every(([part, fits]) => {
    const sent = filter[part.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
    return sent === undefined || fits(sent as never, event); // each reads what its part is sent as
  });
}

/** Of each part. One that has none does not compile. */
const meanings = {
  occurred: (sent: Sent, { body }) => within(sent, body.occurred),
  event: (sent: Sent, { body }) => namesFit(sent, body.event),
  resource: (sent: Sent, { body }) => resourceFits(sent, body.resource, 'primary'),
  related: (sent: unknown, { body }) => entries(sent).every((entry) => relatedEntryFits(entry, body.related)),
  anyResource: (sent: unknown, { body }) =>
    entries(sent).every(
      (entry) =>
        resourceFits(entry, body.resource, 'counted') ||
        body.related.some((one) => resourceFits(entry, one, 'related')),
    ),
  id: (sent: Sent, { body }) => wanted(sent['id'], (one) => one === body.id),
  text: (sent: Sent, { search }) => textFits(String(sent['query']), search),
  order: () => true,
} satisfies Record<keyof Filter, (sent: never, event: StoredEvent) => boolean>;

function entries(part: unknown): Sent[] {
  return [part].flat() as Sent[];
}

/** An absent or empty list is no condition. */
function wanted(list: unknown, fits: (value: never) => boolean): boolean {
  const values = (list ?? []) as never[];
  return values.length === 0 || values.some(fits);
}

function within({ since, until }: Sent, occurred: string): boolean {
  const key = (time: unknown) => String(time).replace('Z', '').padEnd(26, '.000000');
  return (
    key(since ?? '0001-01-01T00:00:00Z') <= key(occurred) &&
    key(occurred) <= key(until ?? '9999-12-31T23:59:59.999999Z')
  );
}

function namesFit(names: Sent, event: string): boolean {
  const isExcluded = (list: unknown, fits: (value: never) => boolean) => ((list ?? []) as never[]).some(fits);
  return (
    wanted(names.prefix, (prefix: string) => event.startsWith(prefix)) &&
    wanted(names.name, (name: string) => event === name) &&
    !isExcluded(names.exclude_prefix, (prefix: string) => event.startsWith(prefix)) &&
    !isExcluded(names.exclude_name, (name: string) => event === name)
  );
}

function resourceFits(filter: Sent, labels: Labels, as: 'primary' | 'counted' | 'related'): boolean {
  const id = labels[idLabel] ?? '';
  return (
    wanted(filter.id, (one) => one === id) &&
    wanted(filter.id_prefix, (prefix: string) => id.startsWith(prefix)) &&
    labelsFit((filter.labels ?? {}) as Patterns, labels, as)
  );
}

function relatedEntryFits(entry: Sent, related: readonly Labels[]): boolean {
  const isEmpty = Object.values(entry).every((part) => Object.keys(part as object).length === 0);
  return (
    isEmpty ||
    related.some(
      (one) =>
        resourceFits(entry, one, 'related') &&
        wanted(entry.role, (role) => role === one[roleLabel]) &&
        wanted(
          entry.resources_in_roles,
          ([id, role]: [string, string]) => one[idLabel] === id && one[roleLabel] === role,
        ),
    )
  );
}

function labelsFit(wantedLabels: Patterns, labels: Labels, as: 'primary' | 'counted' | 'related'): boolean {
  return Object.entries(wantedLabels).every(([label, given]) => {
    const patterns = [given].flat();
    if (label === roleLabel) {
      if (as === 'primary') return false;
      return given.length === 0 || patterns.includes(as === 'counted' ? '' : (labels[roleLabel] ?? ''));
    }
    if (label === idLabel && given.length === 0) return true;
    const value = Object.entries(labels).find(([name]) => name === label)?.[1];
    return value !== undefined && patterns.some((pattern) => patternFits(pattern, value));
  });
}

function patternFits(pattern: string, value: string): boolean {
  if (pattern.startsWith('!')) return !globFits(pattern.slice(1), value);
  return globFits(pattern, value);
}

function globFits(glob: string, value: string): boolean {
  const source = [...glob].map((one) =>
    one === '*' ? '.*' : one === '?' ? '.' : `\\u{${one.codePointAt(0)!.toString(16)}}`,
  );
  return new RegExp(`^${source.join('')}$`, 'su').test(value);
}

function textFits(query: string, search: string): boolean {
  const terms = termsOf(query);
  const holds = ({ term }: Term) => search.includes(foldText(term));
  const plain = terms.filter(({ sign }) => sign === '');
  return (
    (plain.length === 0 || plain.some(holds)) &&
    terms.filter(({ sign }) => sign === '+').every(holds) &&
    !terms.filter(({ sign }) => sign === '-' || sign === '!').some(holds)
  );
}

interface Term {
  sign: string;
  term: string;
}

/** Reads the query one character after the other. */
export function termsOf(query: string): Term[] {
  const terms: Term[] = [];
  const characters = [...query];
  const isBlank = (one: string | undefined) =>
    one === undefined || one.trim() === '' || '\u001c\u001d\u001e\u001f\u0085'.includes(one);
  let at = 0;
  while (at < characters.length) {
    if (isBlank(characters[at])) {
      at += 1;
      continue;
    }
    let sign = '';
    if ('+-!'.includes(characters[at]!)) {
      sign = characters[at]!;
      at += 1;
      if (isBlank(characters[at])) continue;
    }
    let term = '';
    if (characters[at] === '"') {
      for (at += 1; at < characters.length && characters[at] !== '"'; at += 1) {
        if (characters[at] === '\\' && at + 1 < characters.length) {
          at += 1;
          if (characters[at] !== '"' && characters[at] !== '\\') term += '\\';
        }
        term += characters[at];
      }
      at += 1;
    } else {
      while (!isBlank(characters[at]) && characters[at] !== '"') term += characters[at++];
    }
    if (![...term].every(isBlank)) terms.push({ sign, term });
  }
  return terms;
}
