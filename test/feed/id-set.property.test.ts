import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIdSet } from '../../src/feed/id-set.ts';
import { randomFrom } from '../../support/random.ts';

describe('an id set', () => {
  it('holds exactly the ids that were added, as a Set of strings would', () => {
    fc.assert(
      fc.property(fc.array(fc.uuid(), { maxLength: 300, size: 'max' }), fc.array(fc.uuid()), (added, others) => {
        const model = new Set(added);
        const ids = createIdSet();
        for (const id of added) ids.add(id);
        expect(ids.size).toBe(model.size);
        for (const id of [...added, ...others]) expect(ids.has(id)).toBe(model.has(id));
      }),
    );
  });

  it('tells ids apart that differ in one part only, however many', () => {
    const random = randomFrom(7);
    const digits = (count: number): string =>
      Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('');
    const zero = '00000000-0000-0000-0000-000000000000';
    for (const [from, part] of [
      [0, () => digits(8)],
      [9, () => `${digits(4)}-${digits(4)}`],
      [19, () => `${digits(4)}-${digits(4)}`],
      [28, () => digits(8)],
    ] as const) {
      const ids = createIdSet();
      const model = new Set<string>();
      for (let count = 0; count < 120_000; count += 1) {
        const text = part();
        const id = zero.slice(0, from) + text + zero.slice(from + text.length);
        model.add(id);
        ids.add(id);
      }
      expect([from, ids.size]).toEqual([from, model.size]);
    }
  });

  it('tells ids apart that differ in one digit only', () => {
    const zero = '00000000-0000-0000-0000-000000000000';
    const places = [...zero].flatMap((character, at) => (character === '0' ? at : []));
    const one = (at: number): string => `${zero.slice(0, at)}1${zero.slice(at + 1)}`;
    const ids = createIdSet();
    ids.add(zero);
    for (const [nth, at] of places.entries()) {
      expect(ids.has(one(at))).toBe(false);
      ids.add(one(at));
      expect(ids.size).toBe(nth + 2);
    }
  });

  it('tells ids apart that differ in their last digit only', () => {
    const ids = createIdSet();
    ids.add('00000000-0000-0000-0000-000000000000');
    expect(ids.has('00000000-0000-0000-0000-000000000001')).toBe(false);
    expect(ids.has('00000000-0000-0000-0000-000000000000')).toBe(true);
  });

  it('tells ids apart whose words would be the same in 32 bits if their digits were of another base', () => {
    const zero = '00000000-0000-0000-0000-000000000000';
    const ids = createIdSet();
    ids.add(zero);
    // In base 17 this word is 2 ** 32.
    for (const id of [
      'a7ffda91-0000-0000-0000-000000000000',
      '00000000-a7ff-da91-0000-000000000000',
      '00000000-0000-0000-a7ff-da9100000000',
      '00000000-0000-0000-0000-0000a7ffda91',
    ]) {
      expect(ids.has(id)).toBe(false);
    }
    expect(ids.has(zero)).toBe(true);
  });
});
