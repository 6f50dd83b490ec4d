/** Questions that are dear for ClickHouse: pairs, many labels, globs, entries and terms, as pages, counts, exports. */
import { eventLike, publish, untilFound } from '../../../support/events.ts';
import type { Choices } from '../../fuzz/wire-words.ts';
import { type Field, type HostileKind, hostileEvent } from '../kind.ts';
import { ask } from '../peers.ts';

const stored = 10_000;
const askersAtOnce = 48;

export const slowFilters: HostileKind = {
  name: 'slow-filters',
  about: `${askersAtOnce} askers at once of pairs, 500 labels, 1,000 globs, 50 entries, 60 terms, on pages, counts, exports`,
  expects: ['answered', 'queries that may run at once are busy'],
  async prepare(field) {
    for (let nth = 0; nth < stored; nth += 500) await publish(field.target, eventsOf(field.by, nth));
    await untilFound(field.target, { event: { name: [hostileEvent] } }, stored, 0);
    field.sent(stored, stored);
  },
  async attack(field) {
    await Promise.all(Array.from({ length: askersAtOnce }, () => askOn(field)));
  },
};

function eventsOf(by: Choices, first: number): object[] & Parameters<typeof publish>[1] {
  return Array.from({ length: 500 }, (_, nth) =>
    eventLike({
      event: hostileEvent,
      resource: { 'prefect.resource.id': `r${first + nth}`, ...labels(20, (at) => `v${by.below(10)} ${at}`) },
      related: Array.from({ length: 5 }, (_unused, at) => ({
        ...{ 'prefect.resource.id': `r${at}`, 'prefect.resource.role': 'role', ...labels(10, () => 'a long value') },
      })),
      payload: { text: `t${by.below(100)} `.repeat(50) },
    }),
  );
}

function labels<Value>(count: number, make: (nth: number) => Value): Record<string, Value> {
  return Object.fromEntries(Array.from({ length: count }, (_, nth) => [`l${nth}`, make(nth)]));
}

function filterOf(by: Choices): object {
  const count = (most: number): number => 1 + by.below(most);
  const list = (most: number, make: (nth: number) => unknown): unknown[] =>
    Array.from({ length: count(most) }, (_, nth) => make(nth));
  return by.pick<() => object>([
    () => ({ related: { resources_in_roles: list(19_000, (nth) => [`r${nth}`, 'role']) } }),
    () => ({ resource: { labels: labels(count(500), (nth) => `!v ${nth}`) } }),
    () => ({ resource: { labels: labels(count(99), (nth) => `!a*${nth}`) } }),
    () => ({ resource: { labels: { l1: list(1_000, (nth) => `v${nth}*`) } } }),
    () => ({ resource: { labels: { l1: list(100, (nth) => `!*x*${nth}*`) } } }),
    () => ({ related: { labels: labels(count(300), () => ['a*', 'b*']) } }),
    () => ({ any_resource: list(50, (nth) => ({ labels: { [`l${nth % 20}`]: `*${nth}` } })) }),
    () => ({ related: list(50, (nth) => ({ id: [`r${nth % 5}`], role: ['role'] })) }),
    () => ({
      text: {
        query: list(60, (nth) => `${by.pick(['', '-', '+'])}t${nth % 99}`)
          .join(' ')
          .slice(0, 200),
      },
    }),
    () => ({
      event: { prefix: list(20_000, (nth) => `hostile${nth}`), exclude_name: list(20_000, (nth) => `e${nth}`) },
    }),
  ])();
}

async function askOn(field: Field): Promise<void> {
  const { by, tally } = field;
  const paths = ['filter', 'filter', 'count-by/event', 'count-by/day', 'count-by/resource', 'count-by/label', 'export'];
  while (!field.isOver()) {
    const filter = filterOf(by);
    const answer = await ask(field, `/api/events/${by.pick(paths)}`, { filter });
    if (answer?.status === 200) tally.add('answered');
    await field.pause(by.below(200));
  }
}
