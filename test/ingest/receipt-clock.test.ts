import { expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createReceiptClock } from '../../src/ingest/receipt-clock.ts';
import { createRefusedMessages } from '../../src/ingest/refused-messages.ts';

const start = Date.parse('2026-11-22T10:00:00.123Z');

it('a time of receipt never steps back by less than a minute, and follows the clock that is set back by more', () => {
  let now = start;
  const receive = createReceiptClock(() => now, createLog('silent'));
  const at = (ms: number) => {
    now = start + ms;
    return receive().received;
  };
  expect(receive()).toEqual({
    received: '2026-11-22T10:00:00.123000Z',
    column: '2026-11-22 10:00:00.123000',
    seconds: Date.parse('2026-11-22T10:00:00Z') / 1000,
  });
  expect(at(5_000)).toBe('2026-11-22T10:00:05.123000Z');
  expect(at(-54_999)).toBe('2026-11-22T10:00:05.123000Z');
  expect(at(-55_000)).toBe('2026-11-22T09:59:05.123000Z');
  expect(at(-123)).toBe('2026-11-22T10:00:00Z');
});

it('the same bytes count as refused before for ten minutes, and for as long as there is room', () => {
  let now = 0;
  const wasRefused = createRefusedMessages(() => now, 2);
  const bytes = (text: string) => Buffer.from(text);
  expect(wasRefused(bytes('a'))).toBe(false);
  now = 599_999;
  expect(wasRefused(bytes('a'))).toBe(true);
  now = 600_000;
  expect(wasRefused(bytes('a'))).toBe(false);
  expect(wasRefused(bytes('b'))).toBe(false);
  expect(wasRefused(bytes('c'))).toBe(false);
  expect(wasRefused(bytes('c'))).toBe(true);
  expect(wasRefused(bytes('a'))).toBe(false);
});
