/**
 * I6 where names and values hold equals signs: the indexes of ClickHouse know `name=value`, and `a=b=c` is of the label
 * `a` and of `a=b`. All small cases, tried one by one: each filter finds what the specification says, and not its
 * double.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventBody, Labels } from '../../schemas/event.ts';
import { filterSql } from '../../src/filter/sql.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { storedAs } from './arbitraries.ts';
import { referenceFits } from './reference.ts';
import { rowOf } from './row-of.ts';

const names = ['a', 'a=b', '='];
const values = ['c', 'b=c', '=', ''];
const pairs = names.flatMap((name) => values.map((value) => [name, value] as const));

function bodyOf(nth: number, resource: Labels, related: readonly Labels[]): EventBody {
  const id = `00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`;
  const own = { 'prefect.resource.id': 'own', ...resource };
  return { occurred: '2026-11-20T00:00:00Z', event: 'e', resource: own, related, payload: {}, id, follows: null };
}

function relatedOf([role, id]: readonly [string, string]): Labels {
  return { 'prefect.resource.id': id, 'prefect.resource.role': role };
}

const bodies = [
  ...pairs.map(([name, value], nth) => bodyOf(nth, { [name]: value }, [])),
  ...pairs.map((pair, nth) => bodyOf(100 + nth, {}, [relatedOf(pair)])),
  // Role and id of two resources are not those of one.
  ...pairs.map(([role, id], nth) => bodyOf(200 + nth, {}, [relatedOf([role, 'other']), relatedOf(['other', id])])),
];
const events = bodies.map((body, at) => storedAs(at + 1, body));

const filters: Record<string, unknown>[] = [
  ...pairs.map(([name, value]) => ({ resource: { labels: { [name]: [value] } } })),
  ...pairs.map(([name, value]) => ({ resource: { labels: { [name]: [value, 'prod'] } } })),
  ...pairs.map(([role, id]) => ({ related: { role: [role], id: [id] } })),
  ...pairs.map((pair) => ({ related: { resources_in_roles: [[pair[1], pair[0]]] } })),
  ...pairs.map(([role, id]) => ({ related: { role: [role, 'r'], id: [id, 'i'] } })),
];

let opened: TestStore;
beforeAll(async () => {
  opened = await startTestStore();
  await opened.store.insertRows(Buffer.concat(events.map(rowOf)), 'all');
});
afterAll(() => opened?.stop());

test('a label `a=b` with the value `c` is not a label `a` with the value `b=c`, nor is a role and an id', async () => {
  for (const sent of filters) {
    const whole = { ...sent, occurred: { since: '2026-11-01T00:00:00Z', until: '2026-12-01T00:00:00Z' } };
    const checked = validateFilter(whole, { loc: [], now: new Date(), openEnded: false });
    if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
    const { where, params } = filterSql([checked.value]);
    const rows = await opened.store.rows<{ seq: number }>(`SELECT seq FROM events WHERE ${where} ORDER BY seq`, params);
    const wanted = events.filter((event) => referenceFits(whole, event)).map(({ seq }) => seq);
    expect(wanted.length, JSON.stringify(sent)).toBeGreaterThan(0);
    expect(
      rows.map(({ seq }) => seq),
      `${JSON.stringify(sent)}: ${where}`,
    ).toEqual(wanted);
  }
});
