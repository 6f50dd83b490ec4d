/**
 * A large event is judged without its values: as JSON.parse and the schema judge a small one.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJson, repeatsKey } from '../../src/event-text/check-json.ts';
import { JsonScanner } from '../../src/event-text/json-scanner.ts';
import { readBatch, readMessage } from '../../src/event-text/read-events.ts';
import { countKeys, rewriteJson } from '../../src/event-text/rewrite-json.ts';

const token = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '"b"',
    '"a":',
    '"a":1',
    '"\\u0041"',
    '"\\x"',
    '"\\u00g0"',
    '"\\',
    ' ',
    '\n',
    '\t',
    '\f',
  ],
  ...[
    '0',
    '1',
    '01',
    '-',
    '-0',
    '.5',
    '1.',
    '1.5',
    '1e',
    '1e5',
    '1E-05',
    '+1',
    'true',
    'tru',
    'null',
    'false',
    'nul',
    'é',
    '\u0001',
    '\u00a0',
    '\ufeff',
  ],
);
const soup = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(''));
const key = fc.constantFrom('"a"', '"b"', '""', '"\\n"', '"__proto__"');
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('1', '-0.5e+3', '"a"', '"\\n"', 'true', 'null', '{}', '[]'),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(fc.tuple(key, tie('value')), { maxLength: 4 })
      .map((pairs) => `{${pairs.map(([name, one]) => `${name}:${one}`).join(',')}}`),
  ),
}));

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('law: a text is JSON if JSON.parse takes it', () => {
  fc.assert(
    fc.property(soup, (text) => {
      expect(isJson(text)).toBe(parses(text));
    }),
    { numRuns: 20_000 },
  );
  const cut = fc.tuple(value, fc.nat(), fc.nat(2), soup);
  fc.assert(
    fc.property(cut, ([text, at, length, between]) => {
      const place = at % (text.length + 1);
      const changed = text.slice(0, place) + (length === 0 ? '' : between) + text.slice(place + length);
      expect([isJson(text), isJson(` ${text}\n`), isJson(changed)]).toEqual([true, true, parses(changed)]);
    }),
    { numRuns: 5000 },
  );
});

test('law: a key is found twice where the parsed value has fewer keys', () => {
  fc.assert(
    fc.property(value, (text) => {
      const { keys } = new JsonScanner(text).value('nothing');
      expect(repeatsKey(text)).toBe(keys !== countKeys(JSON.parse(text)));
      expect(repeatsKey(rewriteJson(text))).toBe(false);
    }),
    { numRuns: 5000 },
  );
});

/** Events whose fields are good, bad, missing or repeated; `payload` ends with the filler. */
const field = fc.oneof(
  value,
  fc.constantFrom(
    '"2026-11-22T00:00:00Z"',
    '"00000000-0000-4000-8000-000000000001"',
    '{"prefect.resource.id":"x"}',
    '[{"prefect.resource.id":"x","prefect.resource.role":"r"}]',
  ),
);
const good: Record<string, string> = {
  occurred: '"2026-11-22T00:00:00Z"',
  event: '"e"',
  resource: '{"prefect.resource.id":"x"}',
  related: '[]',
  id: '"00000000-0000-4000-8000-000000000001"',
  follows: 'null',
};
const names = fc.constantFrom(...Object.keys(good), 'unknown');
const changes = fc.array(fc.tuple(names, field), { maxLength: 2 });

test('law: a large event is taken, refused and rewritten as the same event is when it is small', () => {
  const filler = 'x'.repeat(70_000);
  fc.assert(
    fc.property(changes, value, fc.constantFrom('', ' '), (changed, payload, blank) => {
      const members = [...Object.entries(good), ...changed].map(([name, json]) => `"${name}":${json}`);
      const textWith = (text: string) => `{${members.join(`,${blank}`)},"payload":{"f":"${text}","p":${payload}}}`;
      const [small, large] = [textWith(''), textWith(filler)].map((text) => readMessage(Buffer.from(text)));
      const without = (text: string) => text.replaceAll(filler, '');
      if (small?.ok && large?.ok) {
        expect(without(large.event.open)).toBe(small.event.open);
        expect(without(large.event.search)).toBe(small.event.search);
        expect([large.event.body.id, large.event.body.occurred]).toEqual([
          small.event.body.id,
          small.event.body.occurred,
        ]);
      } else expect(large).toEqual(small);
      const batches = [textWith(''), textWith(filler)].map((text) => readBatch(Buffer.from(`[${text}]`), true));
      const shown = batches.map((batch) =>
        batch.ok ? null : batch.issues.map(({ type, loc, msg, inputJson }) => [type, loc, msg, without(inputJson)]),
      );
      expect(shown[1]).toEqual(shown[0]);
    }),
    { numRuns: 1500 },
  );
});
