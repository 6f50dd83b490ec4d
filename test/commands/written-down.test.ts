/**
 * Whoever changes a data folder by a command is in the audit log before anything is changed, whatever comes of it.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { auditFolder } from '../../src/access/audit.ts';
import { cleanUp, runBare, startBare, temporaryFolder } from '../../support/bare-sluice.ts';
import { until } from '../../support/poll.ts';

afterEach(cleanUp);

interface Line {
  readonly what: string;
  readonly command?: string;
  readonly pid: number;
}

function linesOf(dataDir: string): Line[] {
  const folder = auditFolder(dataDir);
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .flatMap((text) => text.split('\n').filter((line) => line !== ''))
    .map((line) => JSON.parse(line) as Line); // what is tested
}

const commands = ['adopt', 'recover', 'prefect skip', 'dead-letter replay'];

it.each(commands)('%s of a folder that is in use is written down as tried, and as failed', async (command) => {
  const { dataDir } = await startBare();
  const { child, ended, output } = runBare({ env: { SLUICE_DATA_DIR: dataDir }, words: command.split(' ') });
  expect([await ended, output()]).toEqual([1, expect.stringMatching(/in use by process/)]);
  const own = linesOf(dataDir).filter(({ pid }) => pid === child.pid);
  expect(own).toMatchObject([
    { what: 'tried', command },
    { what: 'failed', command },
  ]);
});

it('a command that is killed leaves that it was tried', async () => {
  const dataDir = temporaryFolder();
  mkdirSync(dataDir, { recursive: true });
  // Nobody answers as ClickHouse, so it waits.
  const { child, ended } = runBare({ env: { SLUICE_DATA_DIR: dataDir }, words: ['adopt'] });
  await until('it was tried', () => {
    try {
      return linesOf(dataDir).length > 0 || undefined;
    } catch {
      return undefined;
    }
  });
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
  expect(linesOf(dataDir)).toMatchObject([{ what: 'tried', command: 'adopt', pid: child.pid }]);
});
