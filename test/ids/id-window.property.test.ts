/**
 * I11 as laws over a model: the window knows what a map knows that forgets its oldest ids at the bound, but none above
 * the checkpoint; and where that made it grow, it comes back to its bound once the checkpoint has passed.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';

/** For each id that comes while there are too many. */
const letGoMax = 4;

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
          for (const oldest of [...model].slice(0, letGoMax)) {
            if (model.size < idsMax || oldest[1] > checkpoint) break;
            model.delete(oldest[0]);
            letGo.push(occurredOf(...oldest));
          }
          seq += 1;
          model.set(each.id, seq);
          window.add(idOf(each.id), seq, receivedOf(seq), occurredOf(each.id, seq));
        }
        for (let id = 0; id <= 60; id += 1) expect(window.seqOf(idOf(id))).toBe(model.get(id) ?? null);
        expect(window.size).toBe(model.size);
        expect(window.capacity).toBeGreaterThanOrEqual(model.size);
        for (const occurred of letGo) expect(window.mayHaveHeld(occurred)).toBe(true);
        if (letGo.length === 0) expect(window.mayHaveHeld(0)).toBe(false);
        // What occurs now cannot have been forgotten, unless an event of that time came early.
        expect(window.mayHaveHeld(receivedOf(seq + 1) + 3600)).toBe(false);
      }
    }),
    { numRuns: 100 },
  );
});

it('comes back to its bound after a lag of the checkpoint, with as many ids as were too many, and gives the memory back once', () => {
  const nat = fc.nat({ max: 300 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), nat, nat, (idsMax, before, late) => {
      let checkpoint = 0;
      let seq = 0;
      const window = new IdWindow({ idsMax, checkpoint: () => checkpoint, forgotten: new ForgottenIds() });
      const add = (): void => {
        seq += 1;
        window.add(longId(seq), seq, receivedOf(seq), receivedOf(seq));
      };
      for (let count = 0; count < before; count += 1) {
        add();
        checkpoint = seq;
      }
      for (let count = 0; count < late; count += 1) add();
      expect(window.size).toBeGreaterThanOrEqual(late);
      checkpoint = seq;
      const capacities = new Set([window.capacity]);
      for (let count = Math.ceil((window.size - idsMax) / (letGoMax - 1)) + 1; count > 0; count -= 1) {
        const { size } = window;
        add();
        // A few at a time: no single event pays for an outage.
        expect(window.size).toBeGreaterThanOrEqual(size - letGoMax + 1);
        checkpoint = seq;
        capacities.add(window.capacity);
      }
      expect(window.size).toBeLessThanOrEqual(idsMax);
      expect(window.capacity).toBe(idsMax);
      expect(capacities.size).toBeLessThanOrEqual(2);
      for (let known = 1; known <= seq; known += 1) {
        expect(window.seqOf(longId(known))).toBe(known > seq - window.size ? known : null);
      }
    }),
    { numRuns: 200 },
  );
});

it('neither grows nor shrinks again for a checkpoint that lags by less than half of its bound from then on', () => {
  const idsMax = 100;
  let checkpoint = 0;
  let seq = 0;
  const window = new IdWindow({ idsMax, checkpoint: () => checkpoint, forgotten: new ForgottenIds() });
  const capacities: number[] = [];
  const add = (lag: number): void => {
    seq += 1;
    window.add(longId(seq), seq, receivedOf(seq), receivedOf(seq));
    checkpoint = Math.max(checkpoint, seq - lag);
    if (capacities.at(-1) !== window.capacity) capacities.push(window.capacity);
  };
  for (let count = 0; count < 250; count += 1) add(1_000);
  // While the outage is only nearly over, what has grown stays.
  for (let count = 0; count < 500; count += 1) add(80);
  expect(window.size).toBe(idsMax);
  for (let count = 0; count < 500; count += 1) add(count % 49);
  expect(capacities).toEqual([100, 200, 400, 100]);
});

function longId(id: number): string {
  return `00000000-0000-4000-8000-${id.toString(16).padStart(12, '0')}`;
}

it('visits what was added above one seq and up to another, each once, in that order', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(gaps, fc.nat(60), fc.nat(100), fc.integer({ min: 5, max: 50 }), (steps, after, upTo, idsMax) => {
      const window = new IdWindow({
        idsMax,
        checkpoint: () => Number.POSITIVE_INFINITY,
        forgotten: new ForgottenIds(),
      });
      const seqs: number[] = [];
      for (const [nth, gap] of steps.entries()) {
        const seq = (seqs.at(-1) ?? 0) + gap;
        seqs.push(seq);
        window.add(idOf(nth), seq, receivedOf(seq), occurredOf(nth, seq));
      }
      const visited: number[] = [];
      window.visit(after, upTo, ({ seq, received }) => {
        expect(received).toBe(receivedOf(seq));
        visited.push(seq);
      });
      expect(visited).toEqual(seqs.slice(-window.size).filter((seq) => seq > after && seq <= upTo));
    }),
  );
});
