/** Refused events that an earlier version has left in the folder of a gateway are told of at the start. */
import { appendFileSync } from 'node:fs';
import pino from 'pino';
import { expect, it } from 'vitest';
import { warnOfOwnDeadLetter } from '../../src/app/greet.ts';
import { deadLetterPath, openDeadLetter } from '../../src/table-writer/dead-letter.ts';
import { withFolder } from '../journal/support.ts';

function told(dataDir: string): string[] {
  const lines: string[] = [];
  const log = pino({ level: 'warn', base: null }, { write: (line) => lines.push(line) });
  warnOfOwnDeadLetter(dataDir, log);
  return lines;
}

it('is told where the file is there and has something', async () => {
  await withFolder(async (folder) => {
    expect(told(folder)).toEqual([]);
    const dead = openDeadLetter(folder);
    await dead.add({ seq: 7, epoch: 'e', reason: 'refused', row: 'a row' });
    expect(told(folder).map((line) => JSON.parse(line))).toMatchObject([
      { file: deadLetterPath(folder), msg: expect.stringContaining('are not replayed') },
    ]);
    await dead.remove(() => true);
    appendFileSync(deadLetterPath(folder), '');
    expect(told(folder)).toEqual([]);
  });
});
