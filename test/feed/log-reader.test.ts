/** The log as a feed reads it, over a real journal. */
import { expect, test } from 'vitest';
import { logReader } from '../../src/feed/log-reader.ts';
import { nodeFiles } from '../../src/file-port.ts';
import { append, clockStart, open, sent, withFolder } from '../journal/support.ts';

test('a reader at the end of an old epoch gets on to the mark, though the new epoch is still empty (I3)', () => {
  withFolder((folder) => {
    const before = open(folder);
    append(before, sent(1));
    before.commit();
    const oldHead = before.head;
    before.close();
    const journal = open(folder, { newEpoch: true }, nodeFiles, () => clockStart + 60_000);
    const mark = journal.head;
    expect(mark).toBeGreaterThan(oldHead);
    const { events, last } = logReader(journal).read(oldHead + 1, 1000, mark);
    expect([...events]).toEqual([]);
    expect(last).toBe(mark);
    journal.close();
  });
});
