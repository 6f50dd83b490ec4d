/** What a line of NDJSON is when it is sent. */
import { describe, expect, it } from 'vitest';
import { eventOfLine, textToSend } from '../../cli/send/event-line.ts';

const nowMs = Date.parse('2026-11-29T08:30:00Z');
const id = '0b5f3cde-7a52-4f8b-9a5a-6f0a4c0f2d11';
/** Of a line in the middle of a block. */
function lineToSend(line: string, now?: number): string {
  const { block } = textToSend(`before\n${line}\nbehind`);
  const sent = eventOfLine({ block, start: 7, end: block.length - 7 }, now);
  return sent.block.toString('utf8', sent.start, sent.end);
}

const ending = `"id":"${id}","follows":null`;

describe('a line', () => {
  it('as exported goes without received, byte for byte', () => {
    const own = `{"occurred":"2026-11-29T08:00:00Z","event":"a","resource":{},"payload":{"n":1.0,"received":"x"},${ending}`;
    expect(lineToSend(`${own},"received":"2026-11-29T08:00:01Z"}`)).toBe(`${own}}`);
    expect(lineToSend(`${own}}`)).toBe(`${own}}`);
  });

  it('that only looks exported, for its end is that of a payload, gets an id of its own', () => {
    const sent = lineToSend(`{"occurred":"2026-11-29T08:00:00Z","event":"a","payload":{"x":1,${ending}}}`, nowMs);
    expect(sent).toMatch(/^\{"id":"(?!0b5f3cde)/);
    expect(sent.endsWith(`"payload":{"x":1,${ending}}}`)).toBe(true);
  });

  it('gets what is missing, and keeps its numbers', () => {
    expect(lineToSend(`{ "event": "a", "n": 1.0, "id": "${id}" }`, nowMs)).toBe(
      `{"occurred":"2026-11-29T08:30:00.000Z", "event": "a", "n": 1.0, "id": "${id}" }`,
    );
    expect(lineToSend('{}', nowMs)).toMatch(/^\{"occurred":"2026-11-29T08:30:00.000Z","id":"[0-9a-f-]{36}"\}$/);
    expect(lineToSend(`{"event":"a","payload":{"n":1.0},"id":"${id}"}`, nowMs)).toContain('{"n":1.0}');
  });

  it.each(['nope', '[]', '5', '"x"', 'null'])('that is no object is none: %s', (line) => {
    expect(() => lineToSend(line)).toThrow(SyntaxError);
  });
});
