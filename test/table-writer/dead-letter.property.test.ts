/**
 * I1 at the dead letter, over a model of the disk (power-cut-disk.ts): an event that was put in is there, once and as
 * written, after any kill, power cut or failed write, for as long as it was not taken out; and the file is never
 * damaged by what failed.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDeadLetter } from '../../src/table-writer/dead-letter.ts';
import type { DeadEvent } from '../../src/table-writer/ports.ts';
import { randomFrom } from '../../support/random.ts';
import { PowerCutDisk } from '../journal/power-cut-disk.ts';

type Step =
  | { kind: 'add'; seq: number; length: number }
  | { kind: 'remove'; seq: number }
  | { kind: 'break'; what: 'writes' | 'truncate' | 'sync'; after: number }
  | { kind: 'repair' }
  | { kind: 'restart'; isPowerCut: boolean; seed: number };

const seq = fc.integer({ min: 1, max: 12 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('add' as const), seq, length: fc.constantFrom(1, 90, 900) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), seq }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('break' as const),
      what: fc.constantFrom('writes', 'writes', 'truncate', 'sync'),
      after: fc.integer({ min: 1, max: 200 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'repair' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), isPowerCut: fc.boolean(), seed: fc.integer() }),
  },
);

function rowOf(nth: number, length: number): string {
  return `${nth}\t"é"\t${'x'.repeat(length)}`;
}

async function run(steps: readonly Step[]): Promise<void> {
  const disk = new PowerCutDisk('/data');
  let letter = openDeadLetter('/data', disk);
  /** By seq, the rows that may stand there; more than one where a call failed. */
  const may = new Map<number, Set<string>>();
  /** Seqs that must be there: put in, and not taken out since. */
  const must = new Set<number>();
  const repair = (): void => {
    disk.writes = [];
    disk.truncateError = '';
    disk.syncError = '';
  };
  const check = async (): Promise<void> => {
    const found: DeadEvent[] = [];
    for await (const event of letter.entries()) found.push(event);
    const seqs = found.map((event) => event.seq);
    expect(seqs).toEqual([...new Set(seqs)]);
    for (const event of found) expect([...(may.get(event.seq) ?? [])]).toContain(event.row);
    for (const wanted of must) expect(seqs).toContain(wanted);
  };
  for (const [nth, each] of steps.entries()) {
    switch (each.kind) {
      case 'add': {
        const row = rowOf(nth, each.length);
        may.set(each.seq, (may.get(each.seq) ?? new Set()).add(row));
        if (await done(() => letter.add({ seq: each.seq, epoch: 'e', reason: 'refused', row }))) must.add(each.seq);
        break;
      }
      case 'remove':
        must.delete(each.seq);
        await done(() => letter.remove((one) => one === each.seq));
        break;
      case 'break':
        if (each.what === 'writes') disk.writes = [each.after, 'EIO'];
        else if (each.what === 'truncate') disk.truncateError = 'EIO';
        else disk.syncError = 'EIO';
        break;
      case 'repair':
        repair();
        break;
      case 'restart':
        if (each.isPowerCut) disk.powerCut({ random: randomFrom(each.seed), pageBytes: 64 });
        else disk.kill();
        letter = openDeadLetter('/data', disk);
        // As each start does: half a line at the end is cut.
        await letter.remove(() => false);
        await check();
        break;
      default:
        each satisfies never;
    }
  }
  repair();
  await check();
}

async function done(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'EIO' });
    return false;
  }
}

test('what was put into the dead letter is there, whatever fails and whenever the power goes', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }), run), {
    numRuns: 500,
  });
});
