/**
 * I1, I2 and I11 on the real journal: any event that accept takes has one text, in live delivery, in the log and after
 * a restart; a full disk loses nothing that was answered; the ids of the log are known again after a restart.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { wholeSeconds } from '../../src/filter/whole-seconds.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { eventsOf, shown } from '../../support/stored-events.ts';
import { sentEvent, sentId } from '../event-text/arbitrary-event.ts';
import { Disk, open, withFolder } from '../journal/support.ts';

function start(folder: string, durability: 'process' | 'fsync' = 'process', isThere = () => true) {
  const disk = new Disk();
  const journal = open(folder, { durability }, disk);
  const live = new LiveBus(journal.head);
  const window = new IdWindow({ idsMax: 1000, checkpoint: () => journal.checkpoint, forgotten: new ForgottenIds() });
  journal.scanIds((id, occurred, seq, received) => {
    window.add(id, seq, wholeSeconds(received), wholeSeconds(occurred));
  });
  const clocks = { now: Date.now, elapsedMs: () => 0, gate: () => null };
  const parked = new ParkedEvents({ eventsMax: 1000, bytesMax: 1_000_000 });
  const parts = { journal, parked, window, live, log: createLog('silent'), counters: createCounters() };
  const readBack = (seq: number): StoredEvent => {
    const [event] = eventsOf(journal.read(seq, 1, seq));
    if (event === undefined) throw new Error(`event ${seq} was not committed`);
    return event;
  };
  const intake = createIntake({ ...parts, ...clocks, audience: { isThere, readBack } });
  const delivered: StoredEvent[] = [];
  live.batches$.subscribe((batch) => delivered.push(...batch.map(shown)));
  const logged = () => eventsOf(journal.read(journal.oldest, Number.MAX_SAFE_INTEGER, journal.head)).map(shown);
  return { ...parts, disk, intake, delivered, logged };
}

/** The same event under an id of its own. */
function renamed(text: string, number: number): string {
  const own = sentId.slice(0, -2) + String(number).padStart(2, '0');
  return text.replace(/("id"[^"]*")[^"]*"/, `$1${own}"`);
}

describe('intake on the journal', () => {
  it.each(['process', 'fsync'] as const)(
    'keeps one text of an event: live, in the log, after a restart (%s)',
    async (durability) => {
      await withFolder(async (folder) => {
        const texts = fc.sample(sentEvent, { numRuns: 60, seed: 7 }).map(renamed);
        const first = start(folder, durability);
        const answers = texts.map((text) => first.intake.acceptBatch(Buffer.from(`[${text}]`), true));
        for (const answer of answers) if (answer.ok) await answer.durable;
        await first.intake.settled();
        expect(first.delivered).toHaveLength(texts.length);
        expect(first.logged()).toEqual(first.delivered);
        first.disk.kill();

        const second = start(folder, durability);
        expect(second.logged()).toEqual(first.delivered);
        for (const text of texts) {
          expect(second.intake.acceptMessage(Buffer.from(text), false)).toMatchObject({ kind: 'duplicate' });
        }
        expect(second.journal.head).toBe(first.journal.head);
        second.journal.close();
      });
    },
  );

  it('hands every event to an audience that is there when it becomes durable, and only the mark to nobody', async () => {
    const step = fc.constantFrom('event', 'come', 'go', 'turn');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('process' as const, 'fsync' as const),
        fc.array(step, { minLength: 1, maxLength: 40 }),
        async (durability, steps) => {
          await withFolder(async (folder) => {
            let isThere = false;
            const { intake, live, journal, logged } = start(folder, durability, () => isThere);
            const heard: Pick<StoredEvent, 'seq' | 'raw' | 'search'>[] = [];
            const expected: number[] = [];
            let mark = live.mark;
            live.batches$.subscribe((batch) => {
              for (let seq = mark + 1; isThere && seq <= live.mark; seq += 1) expected.push(seq);
              mark = live.mark;
              // Now: its memory is used again.
              heard.push(...batch.map(({ seq, raw, search }) => ({ seq, raw, search })));
            });
            const text = fc.sample(sentEvent, { numRuns: 1, seed: 7 })[0] ?? '';
            let sent = 0;
            for (const each of steps) {
              if (each === 'event') {
                sent += 1;
                intake.acceptMessage(Buffer.from(renamed(text, sent)), false);
              } else if (each === 'turn') await new Promise((resolve) => setImmediate(resolve));
              else isThere = each === 'come';
            }
            await intake.settled();
            expect(live.mark).toBe(journal.head);
            expect(journal.head - journal.firstSeq + 1).toBe(sent);
            expect(heard.map(({ seq }) => seq)).toEqual(expected);
            const texts = new Map(logged().map((event) => [event.seq, event]));
            for (const { seq, raw, search } of heard) expect(texts.get(seq)).toMatchObject({ raw, search });
            journal.close();
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('answers nothing that a full disk did not take, and takes it when there is room', async () => {
    await withFolder(async (folder) => {
      const { intake, disk, journal, delivered, logged } = start(folder);
      const text = fc.sample(sentEvent, { numRuns: 1, seed: 7 })[0] ?? '';
      const post = (number: number) => {
        const outcome = intake.acceptBatch(Buffer.from(`[${renamed(text, number)}]`), true);
        if (!outcome.ok) throw new Error('The batch was refused');
        return outcome.durable;
      };
      await post(1);
      disk.writes = [40, 'ENOSPC'];
      const failed = await Promise.allSettled([post(2), post(3)]);
      expect(failed).toMatchObject([2, 3].map(() => ({ status: 'rejected', reason: { failure: 'journalFull' } })));
      await post(3);
      await post(2);
      expect(delivered.map(({ body }) => Number(body.id.slice(-2)))).toEqual([1, 3, 2]);
      expect(logged()).toEqual(delivered);
      journal.close();
    });
  });
});
