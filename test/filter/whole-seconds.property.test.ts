/** Whole seconds of a time's text are those of a Date, in each year that a time may have. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wholeSeconds } from '../../src/filter/whole-seconds.ts';

const first = Date.parse('0001-01-01T00:00:00Z');
const last = Date.parse('9999-12-31T23:59:59.999Z');

test('law: seconds since 1970 are as a Date has them, as an event or ClickHouse writes the time', () => {
  const check = (ms: number): void => {
    const text = new Date(ms).toISOString();
    expect([text, wholeSeconds(text)]).toEqual([text, Math.floor(ms / 1000)]);
    expect(wholeSeconds(text.replace('T', ' ').replace('Z', '999'))).toBe(Math.floor(ms / 1000));
  };
  fc.assert(fc.property(fc.integer({ min: first, max: last }), check), { numRuns: 2_000 });
  for (const year of ['0001', '0004', '0100', '0400', '1600', '1900', '1970', '2000', '2100', '2400', '9999']) {
    for (const day of ['01-01', '02-28', '03-01', '12-31']) check(Date.parse(`${year}-${day}T00:00:00Z`));
  }
  for (const leap of ['0004', '0400', '1600', '2000', '2024', '9996']) check(Date.parse(`${leap}-02-29T23:59:59Z`));
});
