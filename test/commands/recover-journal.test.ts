/**
 * `sluice recover` on a data folder: says what was damaged, what was kept and what was moved, and the next start goes
 * on.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { journalOf } from '../../src/app/open-intake.ts';
import { createLog } from '../../src/base/log.ts';
import { recoverJournal } from '../../src/commands/recover-journal.ts';
import { readConfig } from '../../src/config/config.ts';
import { firstState } from '../../src/table-writer/open-writer-state.ts';
import type { WriterStateStore } from '../../src/table-writer/ports.ts';
import type { WriterState } from '../../src/table-writer/writer-state.ts';
import { writerStateFile } from '../../src/table-writer/writer-state-file.ts';
import { append, noReceipt, rowOf, sent } from '../journal/support.ts';

it('goes on from a state of the table writer that is damaged in any way, where start and adopt name this way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 400 }), fc.constantFrom('cut', 'zero', 'newer'), async (at, how) => {
      const folder = mkdtempSync(join(tmpdir(), 'sluice-recover-'));
      try {
        const config = readConfig({}, ['--data-dir', folder]);
        const log = createLog('silent');
        const journal = journalOf(config, null, log, {});
        append(journal, sent(1));
        journal.close();
        const stateFile = writerStateFile(folder, false);
        await stateFile.save({ ...firstState(journal), everInserted: true });
        const path = join(folder, 'writer');
        const bytes = readFileSync(path);
        const place = at % (bytes.length - 2);
        if (how === 'newer') writeFileSync(path, bytes.toString().replace('"version":2', '"version":3'));
        else writeFileSync(path, how === 'cut' ? bytes.subarray(0, place) : bytes.fill(0, place, place + 2));
        // A zero within a text leaves a text.
        const isDamaged = (await attemptToRead(stateFile)) === null;
        fc.pre(isDamaged);
        await expect(stateFile.load()).rejects.toThrow(/damaged or was written by a newer.*`sluice recover`/);

        const { text, fact } = await recoverJournal(config, log);
        expect(fact).toEqual({ what: 'recovered' });
        expect(text).toMatch(/set aside as `writer.damaged`.*\nA new epoch begins with seq \d+/);
        expect(await stateFile.load()).toBeNull();
        expect(readdirSync(folder)).toContain('writer.damaged');
        const again = journalOf(config, null, log, {});
        expect(again.epoch).not.toBe(journal.epoch);
        expect(again.read(journal.firstSeq, 1000, again.head)).toMatchObject({ first: journal.firstSeq, count: 1 });
        again.close();
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 10 },
  );
});

async function attemptToRead(stateFile: Pick<WriterStateStore, 'load'>): Promise<WriterState | null> {
  try {
    return await stateFile.load();
  } catch {
    return null;
  }
}

it('recovers by order what the start refuses, and says what became of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-recover-'));
  try {
    const config = readConfig({}, ['--data-dir', folder]);
    const log = createLog('silent');
    const journal = journalOf(config, null, log, {});
    for (const number of [1, 2, 3]) append(journal, sent(number));
    const { id, received, occurred, search, raw } = sent(4);
    journal.park(rowOf({ id, received, occurred, head: 3, search, raw }), noReceipt);
    journal.close();
    const { text: said, fact } = await recoverJournal(config, log);
    expect([fact.what, said]).toEqual(['nothing to do', expect.stringContaining('nothing to recover')]);

    const path = join(folder, 'journal', readdirSync(join(folder, 'journal'))[0] ?? '');
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(path, bytes);
    expect(() => journalOf(config, null, log, {})).toThrow(/damaged at byte \d+.*`sluice recover`/);

    const { text: sentence } = await recoverJournal(config, log);
    expect(sentence).toMatch(/damaged at byte \d+/);
    expect(sentence).toMatch(
      /1 files or parts of files .* 1 whole events up to seq \d+ and 1 parked ones, were moved to .*damaged/,
    );
    // All behind the bad place is kept for people, byte for byte.
    const damaged = join(folder, 'journal', 'damaged');
    const [aside = ''] = (readdirSync(damaged, { recursive: true }) as string[]).filter((name) =>
      name.includes('.from-'),
    );
    const [, offset = ''] = /\.from-(\d+)$/.exec(aside) ?? [];
    expect(readFileSync(join(damaged, aside)).equals(bytes.subarray(Number(offset)))).toBe(true);
    expect(sentence).toContain(` ${bytes.length - Number(offset)} bytes`);
    const again = journalOf(config, null, log, {});
    expect(again.firstSeq).toBeGreaterThan(journal.head);
    expect(again.read(journal.firstSeq, 1000, again.head)).toMatchObject({ first: journal.firstSeq, count: 1 });
    again.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
