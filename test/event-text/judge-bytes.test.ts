/**
 * What is refused by its bytes alone: only what could not be accepted, and cheaply.
 */
import { describe, expect, it } from 'vitest';
import { eventBytesMax } from '../../schemas/event.ts';
import { isBeyondEvent, judgeBytes } from '../../src/event-text/judge-bytes.ts';
import { measureJson } from '../../src/event-text/measure-json.ts';

const slack = 64 * 1024;
const event = (pad: string, id = 'a'): string => `{"id":"${id}","payload":{"k":"${pad}"}}`;

describe('bytes before they are parsed', () => {
  it('tell items, depth, objects and lists, and the largest item, without white space and escapes', () => {
    const text = ' [ {"a":"[,\\"]"} , [[1, 2],3] ,"\\u0041\\n" ] ';
    expect(measureJson(Buffer.from(text), 1)).toMatchObject({
      items: 3,
      depth: 3,
      containers: 4,
      largest: { index: 0 },
    });
    expect(measureJson(Buffer.from('[1,[2 , 2],3]'), 1).largest).toEqual({ index: 1, at: 3, bytes: 5 });
    expect(measureJson(Buffer.from('{"a": [1, "\\u0041"]}'), 0).largest.bytes).toBe('{"a":[1,"A"]}'.length);
  });

  it('are never too large for what canonical text would have room for', () => {
    for (const pad of ['x'.repeat(eventBytesMax - 100), '\\u0041'.repeat(eventBytesMax - 100), '\\n'.repeat(700_000)]) {
      const [text, list] = [Buffer.from(event(pad)), Buffer.from(`[${event('')},${event(pad)}]`)];
      expect([isBeyondEvent(text), judgeBytes(list)]).toEqual([false, null]);
    }
    expect(isBeyondEvent(Buffer.from(`${event('')}${' '.repeat(2 * eventBytesMax)}`))).toBe(false);
  });

  it('name the event that is far too large', () => {
    const large = event('x'.repeat(eventBytesMax + slack), 'the-large-one');
    expect(isBeyondEvent(Buffer.from(large))).toBe(true);
    expect(judgeBytes(Buffer.from(`[${event('')}, ${large}]`))).toMatchObject({
      loc: ['body', 1],
      msg: 'Value error, The event the-large-one is larger than 1500000 bytes as JSON',
    });
  });

  it('of millions of tiny items, or of no list, are refused as such', () => {
    const tiny = Buffer.from(`[${'[],'.repeat(1_000_000)}[]]`);
    expect(judgeBytes(tiny)).toMatchObject({
      type: 'value_error',
      loc: ['body'],
      inputJson: 'null',
      ctx: { error: {} },
    });
    const object = judgeBytes(Buffer.from(`{"a":[${'[],'.repeat(1_000_000)}[]]}`));
    // Of so much nothing is shown.
    expect(object).toMatchObject({ type: 'list_type', loc: ['body'], inputJson: 'null', input: null });
  });
});
