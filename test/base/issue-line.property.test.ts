/**
 * What is said of a bad message is short, however long the message is.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wholeScope } from '../../schemas/read-scope.ts';
import { issueLine } from '../../src/base/issue-line.ts';
import { readMessage } from '../../src/event-text/read-events.ts';
import { judgeFilterMessage } from '../../src/server/read-filter-message.ts';
import { fitReason, readObject } from '../../src/server/read-message.ts';

const long = 'x'.repeat(1_000_000);

test('a reason never grows with the text that it names', () => {
  const event = (more: object): Buffer =>
    Buffer.from(
      JSON.stringify({
        ...{ id: '00000000-0000-4000-8000-000000000001', occurred: '2026-11-22T12:00:00Z', event: 'e' },
        ...{ resource: { 'prefect.resource.id': 'r' }, ...more },
      }),
    );
  for (const more of [
    { occurred: long },
    { id: long },
    { resource: { [long]: 1 } },
    { resource: { [long]: '\ud800' } },
  ]) {
    const read = readMessage(event(more));
    expect(read.ok ? '' : read.reason).toMatch(/^(occurred|id|resource).{10,1500}$/s);
  }
  const terms = {
    scope: wholeScope,
    now: new Date('2026-11-22T12:00:00Z'),
    backfillMaxMs: 900_000,
    historyMaxMs: 900_000,
  };
  for (const filter of [{ [long]: 1 }, { occurred: { since: long } }, { resource: { labels: { [long]: 1 } } }]) {
    const outcome = judgeFilterMessage(
      readObject(Buffer.from(JSON.stringify({ type: 'filter', filter })), false),
      terms,
    );
    expect(outcome.ok ? '' : outcome.farewell?.reason).toMatch(/^Invalid filter: .{10,1500}$/s);
  }
});

test('short ones are said whole', () => {
  const name = fc.string({ maxLength: 200 });
  const loc = fc.array(fc.oneof(name, fc.nat()), { maxLength: 5 });
  fc.assert(
    fc.property(loc, name, fc.nat(3), (parts, msg, others) => {
      const issues = Array.from({ length: 1 + others }, () => ({ loc: parts, msg }));
      const line = issueLine(issues, 'none');
      expect(line.startsWith(parts.join('.'))).toBe(true);
      expect(line).toContain(msg);
      expect(line.endsWith(` (and ${others} more)`)).toBe(others > 0);
    }),
  );
  expect(issueLine([], 'none')).toBe('none');
});

test('a close reason is the longest start of whole characters that fits its frame', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (reason) => {
      let longest = '';
      for (const character of reason) {
        if (Buffer.byteLength(longest + character) > 123) break;
        longest += character;
      }
      expect(fitReason(reason)).toBe(longest);
    }),
  );
});
