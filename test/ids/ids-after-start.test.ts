/** I11: what a start knows of ids that were noted as lost, and of the gap between two epochs. */
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdFiles } from '../../src/ids/id-files.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { recoverIds, type Scannable } from '../../src/ids/recover-ids.ts';
import { withFolder } from '../journal/support.ts';

describe('ids after a start', () => {
  const log = createLog('silent');
  const newWindow = (forgotten: ForgottenIds) =>
    new IdWindow({ idsMax: 100, checkpoint: () => Number.POSITIVE_INFINITY, forgotten });
  const idOf = (seq: number): string => `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`;

  it('are those up to what was noted as lost, and what was lost counts as forgotten', () => {
    withFolder((directory) => {
      const options = { directory, idsMax: 100, sync: true, log };
      const files = new IdFiles(options);
      const window = newWindow(new ForgottenIds());
      expect(files.load(window, new ForgottenIds())).toBe(false);
      for (let seq = 1; seq <= 10; seq += 1) window.add(idOf(seq), seq, 1_000 + seq, 900);
      files.keep(window, 10);
      expect(files.keptUpTo).toBe(10);
      files.noteLost(6, { upTo: 1_010, ranges: [[50, 51]] });
      expect(files.keptUpTo).toBe(6);
      files.close();
      const again = new IdFiles(options);
      const forgotten = new ForgottenIds();
      const known = newWindow(forgotten);
      expect(again.load(known, forgotten)).toBe(true);
      expect([again.keptUpTo, again.isDamaged]).toEqual([6, false]);
      expect([6, 7, 10].map((seq) => known.seqOf(idOf(seq)))).toEqual([6, null, null]);
      expect([1_010, 1_011, 3_000, 3_119, 3_120].map((second) => known.mayHaveHeld(second))).toEqual([
        ...[true, false, true, true, false],
      ]);
      again.close();
    });
  });

  it('are not thought lost between two epochs, where no seq was given, unless their files are damaged', () => {
    for (const isDamaged of [false, true]) {
      withFolder((dataDir) => {
        const options = { dataDir, idWindowIdsMax: 100, durability: 'process', now: () => 9_000_000, log } as const;
        const journal = {
          checkpoint: 0,
          firstSeq: 1,
          oldest: 1,
          newestUpTo: (seq: number) => seq,
          scanIds: () => undefined,
        };
        const first = recoverIds(journal, { ...options, checkpoint: 0 });
        for (let seq = 1; seq <= 10; seq += 1) first.window.add(idOf(seq), seq, 1_000 + seq, 900);
        first.keepIds(10);
        first.close();
        const [name = ''] = readdirSync(join(dataDir, 'ids'));
        const path = join(dataDir, 'ids', name);
        if (isDamaged) truncateSync(path, statSync(path).size - 1);
        const next: Scannable = { ...journal, checkpoint: 10, firstSeq: 5_001, oldest: 5_001 };
        const again = recoverIds(next, { ...options, checkpoint: 10 });
        expect(again.window.mayHaveHeld(8_000)).toBe(isDamaged);
        again.close();
      });
    }
  });
});
