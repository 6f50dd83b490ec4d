/** Rows that wait for live delivery share memory, and each says what it said when it came, until all are let go. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatRow } from '../../src/event-log/row.ts';
import { LiveRows } from '../../src/ingest/live-rows.ts';

const time = '2026-11-22 10:00:00.000000';
const id = '0f0e0d0c-0b0a-4908-8706-050403020100';

test('law: whatever the sizes of rows, those that were not let go are as they came', () => {
  const size = fc.oneof({ weight: 8, arbitrary: fc.nat(300_000) }, fc.constantFrom(1_048_576, 3_000_000));
  const step = fc.oneof(
    { weight: 9, arbitrary: size.map((bytes) => ({ bytes })) },
    { weight: 3, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => ({ share })) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const rows = new LiveRows();
      let kept: { event: ReturnType<LiveRows['keep']>; raw: string }[] = [];
      for (const [nth, each] of steps.entries()) {
        if ('share' in each) {
          const upTo = kept[Math.floor(each.share * kept.length)]?.event.seq ?? nth;
          rows.letGo(upTo);
          kept = kept.filter(({ event }) => event.seq > upTo);
          continue;
        }
        const raw = `{"occurred":"${nth}${String(nth % 10).repeat(each.bytes)}"}`;
        const row = formatRow({ seq: nth, id, received: time, occurred: time, head: raw.length, search: 's', raw });
        kept.push({ event: rows.keep(Buffer.from(row.slice(0, -1))), raw });
        for (const { event, raw: wanted } of kept) expect(event.raw === wanted).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});
