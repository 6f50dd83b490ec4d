/**
 * I11 as a law over a model: the window knows what a map knows that forgets its oldest ids at the bound, but none above the checkpoint.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ForgottenIds } from '../../src/ingest/forgotten-ids.ts';
import { IdWindow } from '../../src/ingest/id-window.ts';

type Step = { kind: 'add'; id: number } | { kind: 'rollBack'; back: number } | { kind: 'checkpoint'; behind: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('add' as const), id: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollBack' as const), back: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const), behind: fc.nat(30) }) },
);

/** Ids that differ in one word each, so that they meet in few slots. */
function idOf(id: number): string {
  const word = (shift: number) => ((id >> shift) & 3).toString(16).padStart(8, '0');
  const hex = word(0) + word(2) + word(4) + word(6);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function receivedOf(seq: number): number {
  return seq * 7;
}

/** Some occurred later than they were received, by up to half an hour. */
function occurredOf(id: number, seq: number): number {
  return receivedOf(seq) + (id % 5 === 0 ? id * 30 : -id);
}

it('knows the ids of a map that forgets its oldest at the bound, but none above the checkpoint, and what may have been among these', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (steps, idsMax) => {
      let checkpoint = 0;
      let seq = 0;
      let bound = idsMax;
      const window = new IdWindow({ idsMax, checkpoint: () => checkpoint, forgotten: new ForgottenIds() });
      const model = new Map<number, number>();
      const letGo: number[] = [];
      for (const each of steps) {
        if (each.kind === 'checkpoint') checkpoint = Math.max(checkpoint, seq - each.behind);
        else if (each.kind === 'rollBack') {
          seq = Math.max(checkpoint, seq - each.back);
          window.rollBack(seq);
          for (const [id, known] of model) if (known > seq) model.delete(id);
        } else if (!model.has(each.id)) {
          const [oldest] = model;
          if (model.size === bound && oldest !== undefined) {
            if (oldest[1] > checkpoint) bound *= 2;
            else {
              model.delete(oldest[0]);
              letGo.push(occurredOf(...oldest));
            }
          }
          seq += 1;
          model.set(each.id, seq);
          window.add(idOf(each.id), seq, receivedOf(seq), occurredOf(each.id, seq));
        }
        for (let id = 0; id <= 60; id += 1) expect(window.seqOf(idOf(id))).toBe(model.get(id) ?? null);
        expect(window.size).toBe(model.size);
        for (const occurred of letGo) expect(window.mayHaveHeld(occurred)).toBe(true);
        if (letGo.length === 0) expect(window.mayHaveHeld(0)).toBe(false);
        // What occurs now cannot have been forgotten, unless an event of that time came early.
        expect(window.mayHaveHeld(receivedOf(seq + 1) + 3600)).toBe(false);
      }
    }),
    { numRuns: 100 },
  );
});
