/**
 * The compiled reader of plain events against the general one (I2, I12): whatever bytes come, what the first takes the
 * second takes as well, and both write the same row. The texts are events as clients write them, whole, damaged in a
 * byte or two, and anything else.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../scripts/wasm.mjs';
import type { IncomingEvent } from '../../src/event-text/incoming-event.ts';
import { PlainReader } from '../../src/event-text/plain-event.ts';
import { code } from '../../src/event-text/plain-event-code.ts';
import { readBatch, readMessage } from '../../src/event-text/read-events.ts';
import { textEvent } from '../../src/event-text/text-event.ts';
import { sentEvent } from './arbitrary-event.ts';
import { jsonText } from './arbitrary-json.ts';

const receipt = { received: '2026-11-27T10:00:00.123000Z', column: '2026-11-27 10:00:00.123000' };
const reader = new PlainReader();

/** What is kept of an event. */
function rowOf(event: IncomingEvent | null): string | null {
  if (event === null) return null;
  const row = Buffer.alloc(event.rowBytesMax);
  const end = event.writeRow(row, 3, 7, receipt);
  return `${event.id} ${event.occurred} ${row.toString('utf8', 3, end)}`;
}

function ofGeneral(text: Buffer): string | null {
  const read = readMessage(text);
  return read.ok && !read.event.isTooLarge ? rowOf(textEvent(read.event)) : null;
}

const word = fc.string({
  unit: fc.constantFrom(...'aZ09 .,:{}[]"/%_-éΣ\\\u007f\t'.split('')),
  maxLength: 40,
});
const plainWord = fc.string({ unit: fc.constantFrom(...'aZ09 .,:{}[]/%_-\u007f'.split('')), maxLength: 40 });
const mostlyPlain = fc.oneof({ weight: 30, arbitrary: plainWord }, { weight: 1, arbitrary: word });
const number = fc.constantFrom(0, -0, 1, 42, -7, 0.5, 1e21, 1e-7, 123456789012);
const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    mostlyPlain,
    number,
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(mostlyPlain, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const labels = fc.dictionary(mostlyPlain, mostlyPlain, { maxKeys: 4 });
const idLabel = { 'prefect.resource.id': 'r.1' };
const event = fc.record(
  {
    occurred: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom('2026-11-22T10:00:00Z', '2024-02-29T23:59:59.000001Z') },
      { weight: 1, arbitrary: fc.constantFrom('2026-02-29T10:00:00Z', '2026-11-22T10:00:00.000000Z') },
    ),
    event: mostlyPlain,
    resource: labels.map((more) => ({ ...more, ...idLabel })),
    related: fc.array(
      labels.map((more) => ({ ...more, ...idLabel, 'prefect.resource.role': 'part' })),
      { maxLength: 3 },
    ),
    payload: fc.dictionary(mostlyPlain, json, { maxKeys: 4 }),
    id: fc.uuid(),
    follows: fc.oneof(fc.constant(null), fc.uuid()),
  },
  { requiredKeys: ['occurred', 'event', 'resource', 'related', 'payload', 'id'] },
);
const eventText = event.map((value) => JSON.stringify(value));

/** A byte changed, put in, left out or said twice. */
const damage = fc.record({
  at: fc.nat(2_000),
  how: fc.constantFrom('change', 'insert', 'remove', 'repeat'),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{}[],: 0-.e'))),
});
type Damage = { at: number; how: string; byte: number };
function damaged(text: Buffer, { at, how, byte }: Damage): Buffer {
  const place = at % text.length;
  const [before, after] = [text.subarray(0, place), text.subarray(place)];
  if (how === 'insert') return Buffer.concat([before, Buffer.from([byte]), after]);
  if (how === 'repeat') return Buffer.concat([before, after.subarray(0, 12), after]);
  return Buffer.concat([before, Buffer.from(how === 'change' ? [byte] : []), after.subarray(1)]);
}

describe('the reader of plain events', () => {
  it('law: takes nothing that the general reader refuses, and writes the same row', () => {
    let taken = 0;
    const check = (text: Buffer): void => {
      const plain = reader.readMessage(text);
      if (plain === null) return;
      taken += 1;
      expect(rowOf(plain)).toBe(ofGeneral(text));
    };
    fc.assert(
      fc.property(eventText, (text) => check(Buffer.from(text))),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(800);
    fc.assert(
      fc.property(eventText, fc.array(damage, { minLength: 1, maxLength: 2 }), (text, all) => {
        check(all.reduce(damaged, Buffer.from(text)));
      }),
      { numRuns: 6_000 },
    );
    fc.assert(
      fc.property(fc.oneof(sentEvent, jsonText), (text) => check(Buffer.from(text))),
      { numRuns: 500 },
    );
  });

  it('takes what clients write: an event in its order, ASCII, without escapes', () => {
    fc.assert(
      fc.property(event, (value) => {
        const text = JSON.stringify(value);
        const isPlain = /^[\x20-\x7e\x7f]*$/.test(text) && !text.includes('\\');
        const isTime = value.occurred !== '2026-02-29T10:00:00Z' && !value.occurred.endsWith('.000000Z');
        expect(reader.readMessage(Buffer.from(text)) !== null).toBe(isPlain && isTime);
      }),
      { numRuns: 1_000 },
    );
  });

  it('law: a list is taken whole or not at all, its events as they are taken alone', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.array(eventText, { maxLength: 6 }), fc.option(damage), (texts, harm) => {
        const whole = Buffer.from(`[${texts.join(',')}]`);
        const body = harm === null ? whole : damaged(whole, harm);
        const plain = reader.readBatch(body)?.map(rowOf);
        if (plain === undefined) return;
        taken += 1;
        const general = readBatch(body, true);
        expect(general.ok && general.events.length).toBe(plain.length);
        if (harm === null) expect(plain).toEqual(texts.map((text) => ofGeneral(Buffer.from(text))));
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('leaves long texts, deep payloads and many keys to the general reader', () => {
    const withPayload = (payload: string): Buffer =>
      Buffer.from(
        '{"occurred":"2026-11-22T10:00:00Z","event":"e","resource":{"prefect.resource.id":"r"},"related":[],' +
          `"payload":${payload},"id":"0f0e0d0c-0b0a-4908-8706-050403020100"}`,
      );
    const object = (keys: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: keys }, (_, at) => [`k${at}`, at])));
    expect(reader.readMessage(withPayload(object(400)))).not.toBeNull();
    expect(reader.readMessage(withPayload(object(600)))).toBeNull();
    expect(reader.readMessage(withPayload(`${'{"a":'.repeat(32)}1${'}'.repeat(32)}`))).not.toBeNull();
    expect(reader.readMessage(withPayload(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`))).toBeNull();
    expect(reader.readMessage(withPayload(`{"a":"${'x'.repeat(1_000_000)}"}`))).not.toBeNull();
    expect(reader.readMessage(withPayload(`{"a":"${'x'.repeat(5_000_000)}"}`))).toBeNull();
  });

  it('is the code that its source compiles to', async () => {
    expect((await compile()).toString('base64')).toBe(code);
  }, 60_000);
});
