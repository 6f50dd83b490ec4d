import fc from 'fast-check';
import { expect, it } from 'vitest';
import { foldText, searchSeparator } from '../../schemas/stored-event.ts';
import { LoggedEvent } from '../../src/event-log/logged-event.ts';
import { formatRow } from '../../src/event-log/row.ts';
import { readPassing } from '../../src/forwarder/passing.ts';

const word = fc.constantFrom('order', 'Order', 'prefect', 'préfect', 'K', '\u212a', 'k', 'Σ', 'ς', '.', 'a\tb', '');
const name = fc.array(word, { maxLength: 4 }).map((words) => words.join(''));

function rowOf(event: string): Buffer {
  const head = `{"occurred":"2026-11-22T10:00:00Z","event":${JSON.stringify(event)},"resource":{"a":"b"},"related":[]`;
  const id = '00000000-0000-4000-8000-000000000001';
  const time = '2026-11-22 10:00:00.000000';
  const search = `${foldText(event)}${searchSeparator}b${searchSeparator}`;
  const raw = `${head},"payload":{},"id":"${id}","follows":null,"received":"2026-11-22T10:00:00Z"}`;
  return Buffer.from(
    formatRow({ seq: 12_345, id, received: time, occurred: time, head: Buffer.byteLength(head), search, raw }),
  );
}

it('the look at a name never holds back what the filter lets pass, and prefect.* always passes', () => {
  const law = fc.property(
    fc.array(name, { maxLength: 2 }),
    fc.array(name, { maxLength: 2 }),
    name,
    (names, starts, event) => {
      const rows = rowOf(event);
      const passing = readPassing(JSON.stringify({ event: { name: names, prefix: starts } }));
      const fits =
        (names.length === 0 || names.includes(event)) &&
        (starts.length === 0 || starts.some((start) => event.startsWith(start)));
      const passes = passing.passes(new LoggedEvent(rows, 0, rows.length - 1));
      expect(passes).toBe(fits || event.startsWith('prefect.'));
      if (passes) expect(passing.mayPass(rows, 0)).toBe(true);
    },
  );
  fc.assert(law, { numRuns: 2_000 });
});

it('a look at the name is enough for what begins otherwise', () => {
  const { mayPass } = readPassing('{"event":{"prefix":["order."]}}');
  expect(['telemetry', 'order.paid', 'prefect.log', 'orders'].map((event) => mayPass(rowOf(event), 0))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

it.each([
  ['{', 'not JSON'],
  ['[]', 'object'],
  ['{"event":{"prefix":3}}', 'prefix'],
  ['{"order":"ASC"}', 'order'],
  ['{"occurred":{"since":"2026-01-01T00:00:00Z"}}', 'occurred'],
])('refuses to start with %s', (text, why) => {
  expect(() => readPassing(text)).toThrow(new RegExp(`SLUICE_PREFECT_FILTER.*${why}`, 's'));
});
