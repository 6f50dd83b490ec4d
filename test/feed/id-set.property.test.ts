import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIdSet } from '../../src/feed/id-set.ts';

describe('an id set', () => {
  it('holds exactly the ids that were added, as a Set of strings would', () => {
    fc.assert(
      fc.property(fc.array(fc.uuid(), { maxLength: 300 }), fc.array(fc.uuid(), { maxLength: 30 }), (added, others) => {
        const model = new Set(added);
        const ids = createIdSet();
        for (const id of added) ids.add(id);
        expect(ids.size).toBe(model.size);
        for (const id of [...added, ...others]) expect(ids.has(id)).toBe(model.has(id));
      }),
    );
  });

  it('tells ids apart that differ in their last digit only', () => {
    const ids = createIdSet();
    ids.add('00000000-0000-0000-0000-000000000000');
    expect(ids.has('00000000-0000-0000-0000-000000000001')).toBe(false);
    expect(ids.has('00000000-0000-0000-0000-000000000000')).toBe(true);
  });
});
