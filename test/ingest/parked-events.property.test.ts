/**
 * I4 and I11 as laws over a model: who waits to be looked up is known by its id, offered oldest first once it is
 * durable, counted in the bound, and held in the log from the oldest on.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ParkedEvents, type ParkedRow } from '../../src/ingest/parked-events.ts';

/** What a row takes beside its text. */
const fixedBytes = 400;
const bounds = { eventsMax: 5, bytesMax: 2_200 };

type Step =
  | { kind: 'add'; id: number; characters: number }
  | { kind: 'confirm'; share: number }
  | { kind: 'settle'; count: number }
  | { kind: 'rollBack'; back: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('add' as const), id: fc.nat(6), characters: fc.nat(60) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('confirm' as const), share: fc.constantFrom(0, 0.5, 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollBack' as const), back: fc.nat(3) }) },
);

function rowOf(number: number, id: number, characters: number): ParkedRow {
  const time = '2026-11-19 09:00:00.000000';
  const search = 's'.repeat(Math.floor(characters / 3));
  const raw = 'r'.repeat(characters - search.length);
  return { seq: number, id: `id ${id}`, received: time, occurred: time, head: 0, search, raw, tag: 0 };
}

it('law: for any course of parked events, they are what a list of them says, and the log holds from the oldest on', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let heldFrom = Number.POSITIVE_INFINITY;
      const parked = new ParkedEvents(bounds, (from) => {
        heldFrom = from;
      });
      let model: ParkedRow[] = [];
      let durable = 0;
      let number = 0;
      for (const each of steps) {
        if (each.kind === 'add') {
          number += 1;
          const row = rowOf(number, each.id, each.characters);
          parked.add(row);
          model.push(row);
        } else if (each.kind === 'confirm') {
          durable = Math.max(durable, Math.floor(number * each.share));
          parked.confirm(durable);
        } else if (each.kind === 'settle') {
          const settled = parked.oldest(each.count);
          parked.remove(settled);
          model = model.filter((row) => !settled.includes(row));
        } else {
          const above = Math.max(durable, number - each.back);
          const kept = model.filter(({ seq }) => seq <= above);
          expect(parked.rollBack(above)).toBe(model.length - kept.length);
          model = kept;
          number = above;
        }
        const bytes = model.reduce((sum, { search, raw }) => sum + search.length + raw.length + fixedBytes, 0);
        expect([parked.size, parked.bytes]).toEqual([model.length, bytes]);
        expect(heldFrom).toBe(model[0]?.seq ?? Number.POSITIVE_INFINITY);
        for (const count of [1, 3, 100]) {
          expect(parked.oldest(count)).toEqual(model.filter(({ seq }) => seq <= durable).slice(0, count));
        }
        const room = bounds.bytesMax - bytes - fixedBytes;
        for (const characters of [0, room, room + 1]) {
          const fits = model.length < bounds.eventsMax && characters <= room;
          expect(parked.refusal(characters)?.failure ?? null).toBe(fits ? null : 'tooManyParked');
        }
      }
    }),
    { numRuns: 200 },
  );
});

it('an id is known by the number of its first row for as long as that waits', () => {
  const parked = new ParkedEvents(bounds);
  expect(parked.numberOf('id 1')).toBeNull();
  const first = rowOf(1, 1, 0);
  parked.add(first);
  parked.add(rowOf(2, 2, 0));
  parked.add(rowOf(3, 1, 0));
  expect([parked.numberOf('id 1'), parked.numberOf('id 2'), parked.numberOf('id 3')]).toEqual([1, 2, null]);
  parked.rollBack(2);
  expect(parked.numberOf('id 1')).toBe(1);
  parked.remove([first]);
  expect([parked.numberOf('id 1'), parked.numberOf('id 2')]).toEqual([null, 2]);
});

it('who waits for a durable one is called when there is one, and not before', async () => {
  const parked = new ParkedEvents(bounds);
  let calls = 0;
  const wait = (): void => void parked.someDurable().then(() => (calls += 1));
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  parked.add(rowOf(1, 1, 0));
  wait();
  parked.confirm(0);
  await turn();
  expect(calls).toBe(0);
  parked.confirm(1);
  await turn();
  expect(calls).toBe(1);
  wait();
  await turn();
  expect(calls).toBe(2);
});
