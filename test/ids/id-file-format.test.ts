/** What stands in `<data>/ids`, byte for byte: a later version reads what an earlier one wrote (I11). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nodeFiles } from '../../src/base/file-port.ts';
import { createLog } from '../../src/base/log.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdFiles, type IdFilesOptions } from '../../src/ids/id-files.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { withFolder } from '../journal/support.ts';

const id = '01234567-89ab-4def-8123-456789abcdef';
/** Beyond 32 bits. */
const seq = 2 ** 32 + 7;
const received = 1_764_410_400;
const occurred = received + 7_200;
const lost = { upTo: 1_764_410_500, ranges: [[29_407_000, 29_407_001]] } as const;

/** Size, CRC, kind, version and seq of a record, and its payload. */
const before = [
  '19000000 5a94fdeb 01 01 0000 0000000000000000',
  Buffer.from('{"upTo":null,"ranges":[]}').toString('hex'),
];
const ids = [
  '20000000 7cd90245 02 01 0000 0700000001000000',
  '67452301 ef4dab89 67452381 efcdab89 0700000001000000 20c42a69 f0b6c001',
];
const wholeFile = Buffer.from([...before, ...ids].join('').replaceAll(' ', ''), 'hex');

function open(directory: string, options: Partial<IdFilesOptions> = {}, port = nodeFiles) {
  const forgotten = new ForgottenIds();
  const window = new IdWindow({ idsMax: 1_000, checkpoint: () => Number.POSITIVE_INFINITY, forgotten });
  const files = new IdFiles({ directory, idsMax: 1_000, sync: false, log: createLog('silent'), ...options }, port);
  return { forgotten, window, files };
}

function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

it('is read as it was always written', () => {
  withFolder((directory) => {
    mkdirSync(join(directory, 'ids'));
    writeFileSync(join(directory, 'ids', '000000000001.ids'), wholeFile);
    const { forgotten, window, files } = open(directory);
    expect(files.load(window, forgotten)).toBe(true);
    expect([files.keptUpTo, files.isDamaged, window.seqOf(id), forgotten.upTo]).toEqual([
      ...[seq, false, seq, Number.NEGATIVE_INFINITY],
    ]);
    window.visit(0, seq, (known) => {
      expect(known).toMatchObject({ seq, received, aheadMinute: occurred / 60 });
    });
    files.close();
  });
});

it('is written as it was always written, and what was lost follows it', () => {
  withFolder((directory) => {
    const { forgotten, window, files } = open(directory);
    files.load(window, forgotten);
    window.add(id, seq, received, occurred);
    files.keep(window, seq);
    const path = join(directory, 'ids', '000000000001.ids');
    expect(readFileSync(path).toString('hex')).toBe(wholeFile.toString('hex'));
    files.noteLost(seq - 1, lost);
    const last = readFileSync(path).subarray(wholeFile.length);
    expect([last[8], last.toString('latin1', 20)]).toEqual([3, JSON.stringify(lost)]);
    files.close();
  });
});

it('is not forgotten where each file is whole, however many there are', () => {
  withFolder((directory) => {
    // An eighth of the most makes a file.
    const options = { idsMax: 16 };
    const first = open(directory, options);
    first.files.load(first.window, first.forgotten);
    for (let number = 1; number <= 9; number += 1) {
      first.window.add(idOf(number), number, 1_000 + number, 900);
      first.files.keep(first.window, number);
    }
    first.files.close();
    expect(nodeFiles.list(join(directory, 'ids')).length).toBeGreaterThan(3);
    const again = open(directory, options);
    again.files.load(again.window, again.forgotten);
    expect([again.window.size, again.forgotten.upTo]).toEqual([9, Number.NEGATIVE_INFINITY]);
    again.files.close();
  });
});

it('is synced write by write in fsync mode, names too, and in process mode not at all', () => {
  for (const sync of [false, true]) {
    withFolder((directory) => {
      let synced = 0;
      const port = {
        ...nodeFiles,
        sync(file: number) {
          synced += 1;
          nodeFiles.sync(file);
        },
        syncDirectory(path: string) {
          synced += 1;
          nodeFiles.syncDirectory(path);
        },
      };
      const { forgotten, window, files } = open(directory, { sync }, port);
      const syncsOf = (work: () => void): number => {
        synced = 0;
        work();
        return synced;
      };
      // The folder's name, when it was opened.
      expect(synced > 0).toBe(sync);
      files.load(window, forgotten);
      window.add(idOf(1), 1, 1_001, 900);
      // A new file, its name, and the ids; then the ids alone.
      expect(syncsOf(() => files.keep(window, 1))).toBe(sync ? 3 : 0);
      window.add(idOf(2), 2, 1_002, 900);
      expect(syncsOf(() => files.keep(window, 2))).toBe(sync ? 1 : 0);
      expect(syncsOf(() => files.noteLost(1, lost))).toBe(sync ? 1 : 0);
      files.close();
    });
  }
});
