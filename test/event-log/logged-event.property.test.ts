/**
 * An event decoded where it lies in the log says the same as its whole text parsed (I6), whatever its labels hold.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LoggedEvent, rowStarts } from '../../src/event-log/logged-event.ts';
import { formatRow } from '../../src/event-log/row.ts';
import { finishRaw } from '../../src/event-text/canonical.ts';
import { readMessage } from '../../src/event-text/read-events.ts';
import { parseRow } from '../../support/stored-events.ts';
import { sentEvent } from '../event-text/arbitrary-event.ts';

const time = '2026-11-22 10:00:00.000000';
const awkward = ['"x\\\\"', '"},\\"related\\":["', '"\\u2028"', '"😀"', '""'];
const labels = fc.array(fc.tuple(fc.constantFrom(...awkward), fc.constantFrom(...awkward)), { maxLength: 4 });
const awkwardEvent = fc.tuple(fc.constantFrom(...awkward), labels, labels).map(([name, resource, related]) => {
  const object = (pairs: readonly (readonly [string, string])[]) =>
    `{${[...pairs, ['"prefect.resource.id"', '"r"'] as const, ['"prefect.resource.role"', '"p"'] as const].map((pair) => pair.join(':')).join(',')}}`;
  return `{"occurred":"2026-11-22T10:00:00Z","event":${name},"resource":${object(resource)},"related":[${object(related)}],"payload":{},"id":"0f0e0d0c-0b0a-4908-8706-050403020100"}`;
});

test('law: name, labels, texts and times are those of the parsed text, in any order of asking', () => {
  const asked = fc.shuffledSubarray(['event', 'resource', 'related', 'payload', 'id', 'occurred', 'follows'] as const);
  fc.assert(
    fc.property(fc.array(fc.oneof(sentEvent, awkwardEvent), { minLength: 1, maxLength: 5 }), asked, (texts, fields) => {
      const lines = texts.map((text, at) => {
        const read = readMessage(Buffer.from(text));
        if (!read.ok) throw new Error(read.reason);
        const { body, head, search } = read.event;
        const raw = finishRaw(read.event, '2026-11-22T10:00:00Z');
        return formatRow({ seq: 7 + at, id: body.id, received: time, occurred: time, head, search, raw });
      });
      const rows = Buffer.from(lines.join(''));
      const starts = rowStarts(rows);
      expect(starts.length).toBe(lines.length + 1);
      const found = lines.map((_, at) => new LoggedEvent(rows, starts[at]!, starts[at + 1]! - 1));
      expect(found.map(({ seq }) => seq)).toEqual(lines.map((_, at) => 7 + at));
      for (const [at, event] of found.entries()) {
        const whole = parseRow(lines[at]!);
        for (const field of fields) expect(event.body[field]).toEqual(whole.body[field]);
        expect(event.raw).toBe(whole.raw);
        const copy = Buffer.alloc(event.rawLength + 2, '-');
        event.copyRaw(copy, 1);
        expect(copy.toString()).toBe(`-${whole.raw}-`);
        expect(event.search).toBe(whole.search);
      }
    }),
    { numRuns: 500 },
  );
});
