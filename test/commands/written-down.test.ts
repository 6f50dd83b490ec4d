/**
 * Whoever changes a data folder by a command is in the audit log before anything is changed, whatever comes of it.
 */
import { mkdirSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { folderCommands } from '../../src/access/audit-facts.ts';
import { auditLines } from '../../support/audit-lines.ts';
import { cleanUp, runBare, startBare, temporaryFolder } from '../../support/bare-sluice.ts';
import { until } from '../../support/poll.ts';

afterEach(cleanUp);

it.each(folderCommands)('%s of a folder that is in use is written down as tried, and as failed', async (command) => {
  const { dataDir } = await startBare();
  const { child, ended, output } = runBare({ env: { SLUICE_DATA_DIR: dataDir }, words: command.split(' ') });
  expect([await ended, output()]).toEqual([1, expect.stringMatching(/in use by process/)]);
  const own = auditLines(dataDir).filter(({ pid }) => pid === child.pid);
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
      return auditLines(dataDir).length > 0 || undefined;
    } catch {
      return undefined;
    }
  });
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
  expect(auditLines(dataDir)).toMatchObject([{ what: 'tried', command: 'adopt', pid: child.pid }]);
});
