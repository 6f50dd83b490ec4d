/** The parts of the live list that no browser is needed for: the ring of rows, and which of them are drawn. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawnPlaces, heightOf, type Layout, scrollFor, topOf } from '../../web/src/live/layout.ts';
import { Ring } from '../../web/src/live/ring.ts';
import type { Row } from '../../web/src/live/rows.ts';

const note = (nr: number, length: number): Row => ({ kind: 'note', nr, sentence: 'x'.repeat(length) });

function rowsOf(ring: Ring): number[] {
  return Array.from({ length: ring.length }, (_, at) => ring.at(at)?.nr ?? -1);
}

describe('the ring of rows', () => {
  it('holds the newest rows in order, within both bounds, whatever is pushed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.oneof({ arbitrary: fc.integer({ min: 0, max: 60 }), weight: 20 }, fc.constant('clear' as const)), {
          maxLength: 80,
        }),
        (rowsMax, charactersMax, steps) => {
          const ring = new Ring(rowsMax, charactersMax);
          let model: Row[] = [];
          let nr = 0;
          for (const step of steps) {
            if (step === 'clear') {
              ring.clear();
              model = [];
            } else {
              const row = note(nr, step);
              nr += 1 + (step % 3);
              ring.push(row);
              model.push(row);
              const size = (): number => model.reduce((sum, { kind: _, ...each }) => sum + lengthOf(each), 0);
              while (model.length > rowsMax || (size() > charactersMax && model.length > 1)) model.shift();
            }
            expect(rowsOf(ring)).toEqual(model.map((row) => row.nr));
            for (let each = -1; each <= nr; each += 1) expect(ring.indexOf(each)).toBe(rowsOf(ring).indexOf(each));
          }
        },
      ),
    );
  });

  it('is full before another row could push one out', () => {
    const ring = new Ring(3, 10_000_000);
    ring.push(note(0, 1));
    ring.push(note(1, 1));
    expect(ring.isFull).toBe(false);
    ring.push(note(2, 1));
    expect(ring.isFull).toBe(true);
    const large = new Ring(100, 10_000_000);
    large.push(note(0, 7_999_999));
    expect(large.isFull).toBe(false);
    large.push(note(1, 1));
    expect(large.isFull).toBe(true);
  });
});

describe('the layout of the list', () => {
  const layouts: fc.Arbitrary<Layout> = fc
    .record({
      rows: fc.integer({ min: 0, max: 10_000 }),
      rowHeight: fc.constantFrom(28, 46),
      openAt: fc.double({ min: 0, max: 1, noNaN: true }),
      hasOpen: fc.boolean(),
      openHeight: fc.integer({ min: 0, max: 5_000 }),
    })
    .map(({ rows, rowHeight, openAt, hasOpen, openHeight }) => ({
      ...{ rows, rowHeight, openHeight },
      open: hasOpen && rows > 0 ? Math.floor(openAt * (rows - 1)) : -1,
    }));

  it('draws every row that is seen, and few others', () => {
    fc.assert(
      fc.property(layouts, fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 50, max: 3_000 }), drawsAll),
    );
  });

  function drawsAll(layout: Layout, part: number, viewHeight: number): void {
    const scrollTop = Math.max(0, heightOf(layout) - viewHeight) * part;
    const { first, end } = drawnPlaces(layout, scrollTop, viewHeight);
    for (let place = 0; place < layout.rows; place += 1) {
      const bottom = topOf(layout, place) + layout.rowHeight + (place === layout.open ? layout.openHeight : 0);
      const isSeen = bottom > scrollTop && topOf(layout, place) < scrollTop + viewHeight;
      if (isSeen && (place < first || place >= end)) throw new Error(`${place} is seen and not drawn`);
    }
    expect(end - first).toBeLessThanOrEqual(viewHeight / layout.rowHeight + 15);
  }

  it('scrolls to a row that is not seen whole, and not to one that is', () => {
    const layout: Layout = { rows: 100, rowHeight: 28, open: -1, openHeight: 0 };
    expect(scrollFor(layout, 0, 100, 280)).toBe(0);
    expect(scrollFor(layout, 5, 100, 280)).toBeNull();
    expect(scrollFor(layout, 50, 100, 280)).toBe(51 * 28 - 280);
  });
});

function lengthOf(row: object): number {
  return 'sentence' in row && typeof row.sentence === 'string' ? row.sentence.length : 0;
}
