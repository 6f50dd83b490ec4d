/** Sums of two replicas are the same exactly where their rows are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areSums, differAt, ReplicaSums } from '../../src/gateway/replica-sums.ts';

const firstSeq = 1_001;
const stretch = 4;
const row = (text: string) => Buffer.from(text);

function sumsOf(rows: readonly string[], from = 0): ReplicaSums {
  const sums = new ReplicaSums({ firstSeq, next: firstSeq + from, stretch });
  for (const [at, text] of rows.entries()) if (at >= from) sums.take(firstSeq + at, row(text));
  return sums;
}

const rows = fc.array(fc.string({ minLength: 1, maxLength: 6 }), { minLength: stretch, maxLength: 30 });

describe('sums of a replica', () => {
  it('are those of any other that has the same rows, from wherever it began', () => {
    fc.assert(
      fc.property(rows, fc.nat(12), (texts, from) => {
        const whole = sumsOf(texts);
        const part = sumsOf(texts, Math.min(from, texts.length));
        expect(differAt(whole.sums, part.sums)).toBeNull();
        expect(whole.sums).toEqual(expect.arrayContaining([...part.sums]));
        expect(areSums(JSON.parse(JSON.stringify(whole.sums)))).toBe(true);
      }),
    );
  });

  it('differ where a row of a kept stretch differs, or two have changed places', () => {
    const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const own = sumsOf(texts).sums;
    expect(own.map(({ upTo }) => upTo)).toEqual([firstSeq + 3, firstSeq + 7]);
    expect(differAt(own, sumsOf(['a', 'b', 'c', 'd', 'e', 'x', 'g', 'h']).sums)).toBe(firstSeq + 7);
    expect(differAt(own, sumsOf(['b', 'a', 'c', 'd', 'e', 'f', 'g', 'h']).sums)).toBe(firstSeq + 3);
  });

  it('leave out a stretch of which rows were taken back and appended again', () => {
    const sums = sumsOf(['a', 'b', 'c', 'd', 'e', 'f']);
    sums.take(firstSeq + 4, row('e'));
    for (const [at, text] of ['f', 'g', 'h', 'i'].entries()) sums.take(firstSeq + 5 + at, row(text));
    expect(sums.sums.map(({ upTo }) => upTo)).toEqual([firstSeq + 3, firstSeq + 7]);
    const broken = sumsOf(['a', 'b', 'c', 'd', 'e', 'f']);
    broken.take(firstSeq + 5, row('F'));
    broken.take(firstSeq + 6, row('g'));
    broken.take(firstSeq + 7, row('h'));
    expect(broken.sums.map(({ upTo }) => upTo)).toEqual([firstSeq + 3]);
  });
});
