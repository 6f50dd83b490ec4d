/**
 * The rules of an event: what they take is what the schema takes (event-schema.ts), whether they are asked for a
 * verdict or for the reasons. In which words they refuse is in event-errors.test.ts.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ParsedEvent } from '../../src/event-text/canonical.ts';
import { explainEvent, isEventSteps } from '../../src/event-text/explain-event.ts';
import { finished } from '../../src/event-text/in-slices.ts';
import { JsonScanner } from '../../src/event-text/json-scanner.ts';
import { readBatch, readMessage } from '../../src/event-text/read-events.ts';
import { rewriteJson } from '../../src/event-text/rewrite-json.ts';
import { scanEvent } from '../../src/event-text/scan-event.ts';
import { parseTime } from '../../src/filter/time.ts';
import { fitsSchema } from './event-schema.ts';
import { readAlike } from './same-reading.ts';

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

/** What the schema cannot say: a time is one, and no text holds a lone surrogate but in the payload. */
function isBeyondSchema({ occurred, event, resource, related = [] }: ParsedEvent): boolean {
  const texts = [event, ...[resource, ...related].flatMap((labels) => Object.entries(labels).flat())];
  return !parseTime(occurred).ok || !texts.every((text) => text.isWellFormed());
}

/** Whether the rules take an event, by either way to them. */
function isTaken(text: string): boolean {
  const scanner = new JsonScanner(text);
  const taken = finished(isEventSteps(text, scanEvent(scanner)));
  expect([...explainEvent(rewriteJson(text), [])].every((each) => each === undefined)).toBe(taken);
  return taken;
}

it('law: the rules take exactly the events that the schema takes, save for times and lone surrogates', () => {
  let taken = 0;
  fc.assert(
    fc.property(mixed, fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const parsed: unknown = JSON.parse(text);
      const fits = fitsSchema(parsed) && !isBeyondSchema(parsed as ParsedEvent); // the schema has its fields
      expect(isTaken(text)).toBe(fits);
      if (fits) taken += 1;
    }),
    { numRuns: 1500 },
  );
  // Well over a twelfth is taken; if none were, the law above would say little.
  expect(taken).toBeGreaterThan(100);
});

it('law: of what the rules take there is a canonical text, by whichever reader, and of nothing else', () => {
  fc.assert(
    fc.property(mixed, (value) => {
      const text = JSON.stringify(value);
      const read = readMessage(Buffer.from(text));
      expect(read.ok).toBe(isTaken(text));
      expect(readAlike(Buffer.from(text)) !== 'refused').toBe(read.ok);
      expect(readBatch(Buffer.from(`[${text}]`), true).ok).toBe(read.ok);
    }),
    { numRuns: 500 },
  );
});

it('of a field or a label that comes twice the last counts, and a payload may nest a thousand levels deep', () => {
  const start = JSON.stringify(plain).slice(0, -1);
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  for (const [more, wanted] of [
    [`"payload":${deep(1000)}`, true],
    [`"payload":${deep(1001)}`, false],
    [`"payload":${deep(1001)},"payload":{}`, true],
    ['"id":5', false],
    ['"resource":{"prefect.resource.id":5,"prefect.resource.id":"r"}', true],
    ['"resource":{"prefect.resource.id":"r","prefect.resource.id":""}', false],
    ['"res\\u006furce":{}', false],
  ] as const) {
    expect([more.slice(0, 60), isTaken(`${start},${more}}`)]).toEqual([more.slice(0, 60), wanted]);
  }
});
