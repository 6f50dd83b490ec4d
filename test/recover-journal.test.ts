/**
 * `sluice recover` on a data folder: says what was damaged, what was kept and what was moved, and the next start goes on.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { createLog } from '../src/log.ts';
import { journalOf } from '../src/open-intake.ts';
import { recoverJournal } from '../src/recover-journal.ts';
import { append, noReceipt, rowOf, sent } from './journal/support.ts';

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
    expect(await recoverJournal(config, log)).toContain('nothing to recover');

    const path = join(folder, 'journal', readdirSync(join(folder, 'journal'))[0] ?? '');
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(path, bytes);
    expect(() => journalOf(config, null, log, {})).toThrow(/damaged at byte \d+.*`sluice recover`/);

    const sentence = await recoverJournal(config, log);
    expect(sentence).toMatch(/damaged at byte \d+/);
    expect(sentence).toMatch(
      /1 files or parts of files .* 1 whole events up to seq \d+ and 1 parked ones, were moved to .*damaged/,
    );
    const again = journalOf(config, null, log, {});
    expect(again.firstSeq).toBeGreaterThan(journal.head);
    expect(again.read(journal.firstSeq, 1000, again.head)).toMatchObject({ first: journal.firstSeq, count: 1 });
    again.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
