/**
 * Rows that the table writer reads back from the journal: what the disk has, and memory that is used again.
 */
import { expect, it, vi } from 'vitest';
import { StepReader } from '../../src/table-writer/read-in-steps.ts';
import { append, open, put, readDay, sent, withFolder } from '../journal/support.ts';

it('what is read in steps is one day of one epoch, exactly as the disk has it, as much as was asked for', async () => {
  await withFolder(async (folder) => {
    const journal = open(folder, {});
    const rowBytes = 40_000;
    for (let event = 0; event < 100; event += 1) append(journal, sent(event, rowBytes, event < 70 ? 1 : 2));
    journal.commit();
    const first = journal.firstSeq;
    let pauses = 0;
    const reader = new StepReader(journal, 32_000_000, () => {
      pauses += 1;
      return Promise.resolve();
    });
    for (const [from, bytesMax, upTo] of [
      [first, 100_000_000, journal.head],
      [first, 2_000_000, journal.head],
      // The last step is to be smaller than the others.
      [first, 1_500_000, journal.head],
      [first + 60, 100_000_000, first + 90],
      [first + 75, 100_000_000, first + 80],
      [first + 3, 1, journal.head],
    ] as const) {
      const chunk = await reader.readDay(from, bytesMax, upTo);
      const whole = readDay(journal, from, bytesMax, upTo);
      expect({ ...chunk, rows: chunk.rows.equals(whole.rows) }).toEqual({ ...whole, rows: true });
    }
    expect(pauses).toBeGreaterThan(2);
    journal.close();
  });
});

it('memory for what is read in steps is lent again, and given back three minutes after its last use; who still has its rows keeps them', async () => {
  await withFolder(async (folder) => {
    const journal = open(folder);
    put(journal, 2);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const reader = new StepReader(journal, 32_000_000, () => Promise.resolve());
      const read = async (seq: number): Promise<Buffer> => (await reader.readDay(seq, 1, seq)).rows;
      const lent = await read(journal.firstSeq);
      vi.advanceTimersByTime(170_000);
      expect((await read(journal.firstSeq)).buffer).toBe(lent.buffer);
      vi.advanceTimersByTime(170_000);
      const kept = await read(journal.firstSeq);
      expect(kept.buffer).toBe(lent.buffer);
      const text = kept.toString();
      vi.advanceTimersByTime(181_000);
      expect((await read(journal.head)).buffer).not.toBe(lent.buffer);
      expect(kept.toString()).toBe(text);
    } finally {
      vi.useRealTimers();
    }
    journal.close();
  });
});
