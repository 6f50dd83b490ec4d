/**
 * Questions that are refused by their bytes: those for which JSON.parse would make too much.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wholeScope } from '../../schemas/read-scope.ts';
import { readJsonBody } from '../../src/server/json-body.ts';
import { judgeFilterMessage } from '../../src/server/read-filter-message.ts';
import { readObject, whyTooMuchToAsk } from '../../src/server/read-message.ts';

const containersMax = 20_000;
const wanted = `More than ${containersMax} objects and lists`;
const terms = {
  scope: wholeScope,
  now: new Date('2026-11-22T12:00:00Z'),
  backfillMaxMs: 900_000,
  historyMaxMs: 900_000,
};

/** What one item of a list holds: how many objects and lists, and brackets in its texts that are none. */
const item = fc.constantFrom(
  ...([
    ['{}', 1],
    ['[]', 1],
    ['[ {} ]', 2],
    ['{"a":[[1],{}]}', 4],
    ['"{[{["', 0],
    ['"\\"{["', 0],
    ['{"[{\\\\":"]}"}', 1],
    ['null', 0],
  ] as const),
);

/** A list of exactly so many objects and lists, itself one of them, and longer than what is not looked at. */
function listOf(items: readonly (readonly [text: string, containers: number])[], containers: number): string {
  const texts: string[] = [`"${' '.repeat(64 * 1024)}"`];
  for (let left = containers - 1, nth = 0; left > 0; nth += 1) {
    const [text, count] = items[nth % items.length] ?? ['{}', 1];
    const fitting = count <= left ? text : '[]';
    texts.push(fitting);
    left -= count <= left ? count : 1;
  }
  return `[${texts.join()}]`;
}

const items = fc.array(item, { minLength: 1, maxLength: 9 }).filter((some) => some.some(([, count]) => count > 0));

test('a question may have so many objects and lists, of any shape, and no more', () => {
  const more = fc.integer({ min: -2, max: 2 });
  fc.assert(
    fc.property(items, more, (some, beyond) => {
      const text = listOf(some, containersMax + beyond);
      expect(() => JSON.parse(text)).not.toThrow();
      expect(whyTooMuchToAsk(Buffer.from(text))).toBe(beyond > 0 ? wanted : null);
    }),
    { numRuns: 50 },
  );
});

test('a question may have so many keys, and no more', () => {
  const keyed = (keys: number): string => `{"a":"${':'.repeat(64 * 1024)}"${',"b" : 1'.repeat(keys - 1)}}`;
  expect(whyTooMuchToAsk(Buffer.from(keyed(20_000)))).toBeNull();
  expect(whyTooMuchToAsk(Buffer.from(keyed(20_001)))).toBe('More than 20000 keys');
  const nested = `{"filter":[${'{"a":1,"b":2,":":"\\":"},'.repeat(7_000)}{"a":"${'-'.repeat(64 * 1024)}"}]}`;
  expect(() => JSON.parse(nested)).not.toThrow();
  expect(whyTooMuchToAsk(Buffer.from(nested))).toBe('More than 20000 keys');
});

test('a question with more is refused before it is parsed: what follows is not even looked at', () => {
  for (const text of [`{"filter":[${'{},'.repeat(30_000)}`, `{"filter":[${'[],'.repeat(300_000)}]} no JSON`]) {
    const read = readJsonBody({ body: Buffer.from(text), isJson: true });
    const answer = read.ok ? null : read.answer;
    expect(answer).toMatchObject({ status: 422 });
    const told = JSON.parse(String(answer?.body)) as { exception_detail: unknown[] }; // our own answer
    expect(told.exception_detail).toMatchObject([{ type: 'json_invalid', loc: ['body', 0], ctx: { error: wanted } }]);
  }
});

test('a filter message with more ends its socket as one that nests too deep does', () => {
  const message = (pairs: number): Buffer =>
    Buffer.from(
      `{"type":"filter","filter":{"related":{"resources_in_roles":[${'["id","role"],'.repeat(pairs - 1)}["id","role"]]}}}`,
    );
  expect(judgeFilterMessage(readObject(message(20_000), false), terms)).toEqual({ ok: false, farewell: null });
  expect(judgeFilterMessage(readObject(message(19_996), false), terms)).toMatchObject({ ok: true });
  const deep = Buffer.from(`{"type":"filter","filter":${'['.repeat(40_000)}${']'.repeat(40_000)}}`);
  expect(judgeFilterMessage(readObject(deep, false), terms)).toEqual({ ok: false, farewell: null });
});
