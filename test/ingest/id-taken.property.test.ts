/**
 * I11 with forced labels: an id is of the label that it was first stored under, also after restarts and when the
 * journal has let its event go. Under another label it is refused by name, and nothing of its batch is taken.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import { Failure } from '../../src/base/errors.ts';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { recoverIds } from '../../src/ids/recover-ids.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { clockStart, Disk, open, withFolder } from '../journal/support.ts';

const log = createLog('silent');

function live(folder: string, disk: Disk, checkpoint: number) {
  const journal = open(folder, { segmentBytesMax: 4_000, checkpoint }, disk);
  const ids = recoverIds(
    journal,
    { dataDir: folder, idWindowIdsMax: 1000, durability: 'process', checkpoint, now: () => clockStart, log },
    disk,
  );
  const parked = new ParkedEvents({ eventsMax: 10, bytesMax: 1_000_000 });
  const counters = createCounters();
  const clocks = { now: () => clockStart, elapsedMs: () => 0, gate: () => null };
  const parts = { journal, window: ids.window, parked, live: new LiveBus(journal.head), log, counters };
  return { journal, ids, counters, intake: createIntake({ ...parts, ...clocks }) };
}

const labels: readonly (ForcedLabel | null)[] = [null, { key: 'tenant', value: 'a' }, { key: 'tenant', value: 'b' }];

interface Send {
  readonly kind: 'message' | 'batch';
  /** Which of the labels is forced. */
  readonly sender: number;
  /** Which of them the sender writes by itself. */
  readonly writes: number;
  readonly ids: readonly number[];
}

type Step = Send | { readonly kind: 'insert' } | { readonly kind: 'kill' };

const label = fc.nat(labels.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('message' as const, 'batch' as const),
      sender: label,
      writes: label,
      ids: fc.uniqueArray(fc.nat(12), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('insert' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
);

function textOf(id: number, writes: number): string {
  const own = labels[writes];
  const resource = { 'prefect.resource.id': 'r', ...(own != null && { [own.key]: own.value }) };
  const occurred = new Date(clockStart + 60_000).toISOString();
  return JSON.stringify({
    ...{ occurred, event: 'e', resource, payload: { filler: 'x'.repeat(300) } },
    id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
  });
}

/** Whether the sender may not have the id. */
function isTaken(first: number | undefined, { sender, writes }: Send): boolean {
  if (first === undefined || first === sender) return false;
  return sender !== 0 || writes !== first;
}

type Life = ReturnType<typeof live>;

function sendAll({ intake }: Life, each: Send): string {
  const forced = labels[each.sender] ?? null;
  const texts = each.ids.map((id) => textOf(id, each.writes));
  try {
    if (each.kind === 'batch') return String(intake.acceptBatch(Buffer.from(`[${texts}]`), true, null, forced).ok);
    const outcome = intake.acceptMessage(Buffer.from(texts[0] ?? ''), false, forced);
    return outcome.kind === 'refused' ? outcome.failure : outcome.kind;
  } catch (error) {
    return error instanceof Failure ? error.failure : String(error);
  }
}

const seen = { taken: 0, repeats: 0, trimmed: 0 };

async function run(steps: readonly Step[]): Promise<void> {
  await withFolder(async (folder) => {
    let disk = new Disk();
    let checkpoint = 0;
    let life = live(folder, disk, checkpoint);
    const firsts = new Map<number, number>();
    for (const each of steps) {
      if (each.kind === 'insert') {
        await life.intake.settled();
        checkpoint = life.journal.head;
        life.ids.keepIds(checkpoint);
        life.journal.advanceCheckpoint(checkpoint);
        life.journal.trim();
        if (life.journal.oldest > life.journal.firstSeq) seen.trimmed += 1;
      } else if (each.kind === 'kill') {
        await life.intake.settled();
        disk.kill();
        disk = new Disk();
        life = live(folder, disk, checkpoint);
      } else {
        const ids = each.kind === 'batch' ? each.ids : each.ids.slice(0, 1);
        const isRefused = ids.some((id) => isTaken(firsts.get(id), each));
        const said = sendAll(life, each);
        const before = life.journal.appended;
        if (isRefused) {
          // A message that was refused before with the same bytes is passed over.
          expect(['idTaken', ...(each.kind === 'message' ? ['skipped'] : [])]).toContain(said);
          seen.taken += 1;
        } else {
          const isRepeat = firsts.has(ids[0] ?? 0);
          expect(said).toBe(each.kind === 'batch' ? 'true' : isRepeat ? 'duplicate' : 'accepted');
          for (const id of ids) if (!firsts.has(id)) firsts.set(id, each.sender);
          if (isRepeat) seen.repeats += 1;
        }
        expect(life.journal.appended).toBe(before);
      }
      expect(life.journal.appended - life.journal.firstSeq + 1).toBe(firsts.size);
      const { parsed, refused, deduped, appended } = life.counters;
      expect(parsed).toBe((refused.idTaken ?? 0) + deduped + appended);
    }
    await life.intake.settled();
    life.journal.close();
  });
}

it('law: an id is of the label that it was first stored under, over kills and when the journal is trimmed', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), run), {
    numRuns: 150,
  });
  // The runs do get there.
  expect(Math.min(seen.taken, seen.repeats, seen.trimmed)).toBeGreaterThan(100);
});
