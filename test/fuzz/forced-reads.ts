/**
 * Each way to ask about what is stored, and what a reader must be answered: exactly the events that fit both the filter
 * that is forced on it and its own. Each gives what was wrong.
 */
import type { Count } from '../../schemas/count.ts';
import type { DeadLetterList } from '../../schemas/dead-letter-list.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { Page } from '../../support/events.ts';
import { referenceFits } from '../filter/reference.ts';
import { allTimes, type ForcedTarget, type Reader, type SentFilter } from './forced-target.ts';

export interface Question {
  readonly reader: Reader;
  readonly sent: SentFilter;
  /** All that is stored and fits both. */
  readonly wanted: readonly StoredEvent[];
  /** Of a page. */
  readonly limit: number;
  /** Another reader, of whom nothing may be used. */
  readonly stranger: Reader;
}

type Read = (target: ForcedTarget, question: Question) => Promise<string[]>;

/** Within it ClickHouse has all that the reference has, and buckets are few. */
export const countWindow = { since: '2026-11-19T00:00:00Z', until: '2026-11-23T00:00:00Z' };

/** What differs between two lists, whatever their order; nothing if they are the same. */
export function difference(what: string, seen: Iterable<string>, wanted: Iterable<string>): string[] {
  const [left, right] = [[...seen].sort(), [...wanted].sort()];
  if (JSON.stringify(left) === JSON.stringify(right)) return [];
  const added = left.filter((one) => !right.includes(one));
  const missing = right.filter((one) => !left.includes(one));
  return [
    `${what}: ${left.length} instead of ${right.length}, not to be seen ${JSON.stringify(added.slice(0, 3))}, ` +
      `missing ${JSON.stringify(missing.slice(0, 3))}`,
  ];
}

export const idsOf = (events: readonly StoredEvent[]): string[] => events.map(({ body }) => body.id);

async function pagesOf(target: ForcedTarget, { reader, limit }: Question, filter: SentFilter): Promise<Page[]> {
  const pages: Page[] = [];
  let answer = await target.ask(reader, '/events/filter', { filter, limit });
  for (;;) {
    if (answer.status !== 200) throw new Error(`a page was answered ${answer.status}: ${await answer.text()}`);
    const page = (await answer.json()) as Page; // as answered
    pages.push(page);
    if (page.next_page === null) return pages;
    answer = await target.ask(reader, page.next_page);
  }
}

const pages: Read = async (target, question) => {
  const found = await pagesOf(target, question, question.sent);
  const seen = found.flatMap(({ events }) => events.map(({ id }) => id));
  const totals = found.filter(({ total }) => total !== question.wanted.length).map(({ total }) => total);
  return [
    ...difference('pages', seen, idsOf(question.wanted)),
    ...(totals.length === 0 ? [] : [`a total of ${totals} instead of ${question.wanted.length}`]),
  ];
};

const distinct: Read = async (target, question) => {
  const own = question.sent['resource'];
  const resource = { ...(typeof own === 'object' ? own : {}), distinct: true };
  const found = await pagesOf(target, question, { ...question.sent, resource });
  const resources = found.flatMap(({ events }) => events.map((event) => event.resource['prefect.resource.id'] ?? ''));
  const ids = found.flatMap(({ events }) => events.map(({ id }) => id));
  const wanted = new Set(question.wanted.map(({ body }) => body.resource['prefect.resource.id'] ?? ''));
  const outside = ids.filter((id) => !idsOf(question.wanted).includes(id));
  return [
    ...difference('one of each resource', resources, wanted),
    ...(outside.length === 0 ? [] : [`one of each resource shows ${outside[0]}`]),
  ];
};

const exported: Read = async (target, { reader, sent, wanted }) => {
  const answer = await target.ask(reader, '/events/export', { filter: sent });
  const lines = (await answer.text()).split('\n').filter((line) => line !== '');
  const seen = lines.map((line) => (JSON.parse(line) as { id: string }).id); // as stored
  return difference('an export', seen, idsOf(wanted));
};

/** What each kind of count has to say of some events, as `value count`. */
export const countsOf: Readonly<Record<string, (events: readonly StoredEvent[]) => string[]>> = {
  event: (events) => tally(events.map(({ body }) => body.event)),
  resource: (events) => tally(events.map(({ body }) => body.resource['prefect.resource.id'] ?? '')),
  'label:env': (events) => tally(events.flatMap(({ body }) => valuesOf(body.resource, 'env'))),
  'label:a': (events) => tally(events.flatMap(({ body }) => valuesOf(body.resource, 'a'))),
  label: (events) => tally(events.flatMap(({ body }) => Object.keys(body.resource))),
};

function valuesOf(labels: Readonly<Record<string, string>>, name: string): string[] {
  return Object.hasOwn(labels, name) ? [labels[name] ?? ''] : [];
}

function tally(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => `${value} ${count}`);
}

/** All that is stored and is counted for a reader who asks so. */
export function wantedCounts(target: ForcedTarget, { reader, sent }: Pick<Question, 'reader' | 'sent'>): StoredEvent[] {
  const asked = withinCounts(sent);
  return [...target.known.values()].filter((event) => reader.mayRead(event) && referenceFits(asked, event));
}

async function listOf(answer: Response): Promise<Count[]> {
  if (answer.status === 200) return (await answer.json()) as Count[]; // as answered
  throw new Error(`a count was answered ${answer.status}: ${await answer.text()}`);
}

const counts: Read = async (target, { reader, sent }) => {
  const inside = wantedCounts(target, { reader, sent });
  const asked = { filter: withinCounts(sent), time_unit: 'day' };
  const faults = Object.entries(countsOf).map(async ([countable, of]) => {
    const answer = await target.ask(reader, `/events/count-by/${encodeURIComponent(countable)}`, asked);
    const list = await listOf(answer);
    return difference(
      `a count by ${countable}`,
      list.map(({ value, count }) => `${value} ${count}`),
      of(inside),
    );
  });
  const sums = ['day', 'time'].map(async (countable) => {
    const list = await listOf(await target.ask(reader, `/events/count-by/${countable}`, asked));
    const sum = list.reduce((all, { count }) => all + count, 0);
    return sum === inside.length ? [] : [`a count by ${countable} has ${sum} instead of ${inside.length}`];
  });
  return (await Promise.all([...faults, ...sums])).flat();
};

/** The same question, but of the window that is counted. */
export function withinCounts({ order: _, ...sent }: SentFilter): SentFilter {
  return { ...sent, occurred: countWindow };
}

/** Of nothing that ClickHouse refused; of others it shows the ids. */
const deadLetter: Read = async (target, { reader }) => {
  const list = (await (await target.ask(reader, '/admin/dead-letter')).json()) as DeadLetterList; // as answered
  return difference(
    'the dead letter',
    list.events.map(({ id }) => id),
    [],
  );
};

/** What a reader was given is of no use to another. */
const strangers: Read = async (target, { reader, stranger, sent }) => {
  const faults: string[] = [];
  const filter = { occurred: allTimes };
  const page = (await (await target.ask(reader, '/events/filter', { filter, limit: 1 })).json()) as Page; // as answered
  if (page.next_page !== null) {
    const { status } = await target.ask(stranger, page.next_page);
    if (status !== 403) faults.push(`somebody else's page was answered ${status}`);
  }
  const exporting = await target.ask(reader, '/events/export', { filter: sent });
  const token = exporting.headers.get('sluice-export-token');
  const [line = ''] = (await exporting.text()).split('\n');
  if (line === '') return faults;
  const { occurred, id } = JSON.parse(line) as { occurred: string; id: string }; // as stored
  const { status } = await target.ask(stranger, '/events/export', { token, after: { occurred, id } });
  if (status !== 403) faults.push(`somebody else's export was answered ${status}`);
  return faults;
};

export const reads: Readonly<Record<string, Read>> = { pages, distinct, exported, counts, deadLetter, strangers };
