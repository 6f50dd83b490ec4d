/**
 * The fast yes and the slow explanation are one rule said twice: what one takes the other has no issue with.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fitsSchema, hasEventShape, isPlainEvent } from '../../schemas/event-check.ts';
import { canonicalEvent } from '../../src/event-text/canonical.ts';
import { explainEvent } from '../../src/event-text/explain-event.ts';
import { JsonScanner } from '../../src/event-text/json-scanner.ts';
import { rewriteJson } from '../../src/event-text/rewrite-json.ts';
import { scanEvent } from '../../src/event-text/scan-event.ts';

const id = '0f0e0d0c-0b0a-4908-8706-050403020100';
const odd = fc.constantFrom<unknown>(null, 5, true, '', 'x', [], {}, [1], { a: 'b' }, '\ud800', '__proto__');
const uuid = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.constantFrom<unknown>(id, id.toUpperCase(), id.replaceAll('-', ''), `{${id}}`, `urn:uuid:${id}`),
  },
  fc.constantFrom<unknown>(
    `{${id.replaceAll('-', '')}}`,
    `URN:UUID:${id}`,
    `{${id}`,
    `${id}0`,
    `${id}\n`,
    id.replace('-', ''),
  ),
  odd,
);
const labelValue = fc.oneof({ weight: 30, arbitrary: fc.constantFrom<unknown>('v', '', 'é') }, odd);
const resource = (names: string[]) =>
  fc
    .tuple(
      fc.record(
        Object.fromEntries(
          names.map((name) => [name, fc.oneof({ weight: 30, arbitrary: fc.constant<unknown>('r') }, odd)]),
        ),
      ),
      fc.dictionary(fc.constantFrom('n', 'toString', '\ud800k', '1'), labelValue, { maxKeys: 2 }),
      fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.constantFrom(497, 498, 499, 500, 501)),
      fc.nat(19).map((dice) => dice === 0),
    )
    .map(([named, others, count, dropsOne]) => {
      const filled = { ...named, ...others };
      for (let index = 0; index < count; index += 1) Object.assign(filled, { [`l${index}`]: 'v' });
      return dropsOne && count === 0 ? Object.fromEntries(Object.entries(filled).slice(1)) : filled;
    });
const related = resource(['prefect.resource.id', 'prefect.resource.role']);
const often = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof<fc.MaybeWeightedArbitrary<unknown>[]>({ weight: 30, arbitrary }, odd);

const event = fc
  .record(
    {
      occurred: often(
        fc.constantFrom<unknown>('2026-11-22T00:00:00Z', '2026-11-22', 1763769600, 'yesterday', '2026-02-30'),
      ),
      event: often(fc.constantFrom('e', 'x'.repeat(1024), '😀'.repeat(1024), '😀'.repeat(1025))),
      resource: often(resource(['prefect.resource.id'])),
      related: often(
        fc.oneof(
          fc.array(related, { maxLength: 3 }),
          related.map((one) => Array.from({ length: 101 }, () => one)),
        ),
      ),
      payload: often(fc.constantFrom<unknown>({}, { a: { b: [1] } })),
      id: uuid,
      follows: uuid,
      received: odd,
    },
    { requiredKeys: ['occurred', 'event', 'resource', 'id'] },
  )
  .chain((fields) =>
    fc.constantFrom(fields, fields, fields, fields, { ...fields, id: undefined }, { ...fields, event: undefined }),
  );

const plain = {
  occurred: '2026-11-22T00:00:00Z',
  event: 'e',
  resource: { 'prefect.resource.id': 'r' },
  related: [{ 'prefect.resource.id': 'o', 'prefect.resource.role': 'owner' }],
  payload: {},
  id,
  follows: null,
};
/** One field of a plain event is another: some of these are plain too. */
const nearlyPlain = event.chain((fields) =>
  fc.constantFrom(...Object.entries(fields)).map(([name, value]) => ({ ...plain, [name]: value })),
);

const mixed = fc.oneof({ weight: 10, arbitrary: event }, { weight: 10, arbitrary: nearlyPlain }, odd);

it('the yes by hand takes nothing that the schema refuses, and takes what nearly all send', () => {
  let taken = 0;
  fc.assert(
    fc.property(mixed, (value) => {
      const parsed: unknown = JSON.parse(JSON.stringify(value));
      if (!isPlainEvent(parsed)) return;
      taken += 1;
      expect(fitsSchema(parsed)).toBe(true);
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(30);
  expect(isPlainEvent(plain)).toBe(true);
});

it('the schema and the canonical text take exactly the events that have no issue', () => {
  let taken = 0;
  fc.assert(
    fc.property(mixed, (value) => {
      const text = JSON.stringify(value);
      const parsed: unknown = JSON.parse(text);
      const scanner = new JsonScanner(text);
      const isTaken = hasEventShape(parsed) && canonicalEvent(scanner, scanEvent(scanner), parsed) !== null;
      if (isTaken) taken += 1;
      expect([...explainEvent(rewriteJson(text), [])].length === 0).toBe(isTaken);
    }),
    { numRuns: 500 },
  );
  // Well over a twelfth is taken; if none were, the law above would say little.
  expect(taken).toBeGreaterThan(30);
});
