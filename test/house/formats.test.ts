/** Numbers that stand on disks: a later version must read what an earlier one wrote, so they never change. */

import { expect, test } from 'vitest';
import { recordHeaderBytes, recordVersion } from '../../src/base/record.ts';
import { idRecordKinds } from '../../src/ids/id-file-format.ts';
import { recordKinds } from '../../src/journal/record-kinds.ts';
import { segmentHeaderBytes, segmentVersion } from '../../src/journal/segment-header.ts';

test('the numbers of records and files are those that were always written', () => {
  expect(recordKinds).toEqual({
    ...{ event: 1, cleanStop: 2, synced: 3, parked: 4, parkedSettled: 5 },
    ...{ fromPrefect: 6, parkedFromPrefect: 7, applied: 8 },
    ...{ tagged: 9, taggedParked: 10, taggedFromPrefect: 11, taggedParkedFromPrefect: 12 },
  });
  expect([recordVersion, recordHeaderBytes]).toEqual([1, 20]);
  expect([segmentVersion, segmentHeaderBytes]).toEqual([1, 64]);
  expect(idRecordKinds).toEqual({ before: 1, ids: 2, lost: 3, tagged: 4 });
});
