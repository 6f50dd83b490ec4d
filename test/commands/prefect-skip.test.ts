/** `sluice prefect skip` on a data folder whose forwarder waits for a Prefect that stays away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { journalOf } from '../../src/app/open-intake.ts';
import { nodeFiles } from '../../src/base/file-port.ts';
import { createLog } from '../../src/base/log.ts';
import { skipForwarding } from '../../src/commands/prefect-skip.ts';
import { readConfig } from '../../src/config/config.ts';
import { placeFile } from '../../src/forwarder/place-file.ts';
import { append, sent } from '../journal/support.ts';

it('gives up what waits, writes it down, and says from when on it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-skip-'));
  try {
    const config = readConfig({}, ['--data-dir', folder]);
    const log = createLog('silent');
    const journal = journalOf(config, null, log, {});
    for (const number of [1, 2, 3]) append(journal, sent(number));
    journal.commit();
    const { head } = journal;
    journal.close();
    await expect(skipForwarding(config, log)).rejects.toThrow(/Nothing was ever forwarded/);
    const file = placeFile(folder, false, nodeFiles);
    await file.save({ confirmed: head - 2, maybeSentUpTo: head - 1, skipped: [] });
    const at = new Date('2026-11-29T12:00:00Z');
    const skip = await skipForwarding(config, log, at);
    expect([skip.fact.what, skip.text]).toEqual([
      'forwarding skipped',
      expect.stringMatching(/received at 2026-01-01 00:00:00/),
    ]);
    const skipped = [{ first: head - 1, last: head, at: at.toISOString() }];
    expect(await file.load()).toMatchObject({ confirmed: head, maybeSentUpTo: head, skipped });
    expect(await skipForwarding(config, log)).toMatchObject({
      fact: { what: 'nothing to do' },
      text: expect.stringMatching(/Nothing waits/),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
