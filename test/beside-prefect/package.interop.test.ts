/** The tests of the Python package `integrations/prefect`, run by its own runner in the venv of the real Prefect. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installPrefect } from '../../support/peers/prefect.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';

const install = await installPrefect(repositoryRoot());
const testMs = 300_000;

describe('the package sluice-prefect', () => {
  if (!install.found) {
    it.skip(install.sentence, () => undefined);
    return;
  }
  it(
    'holds its own laws',
    () => {
      const words = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'tests'];
      const ran = spawnSync(install.python, words, {
        cwd: join(repositoryRoot(), 'integrations', 'prefect'),
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
        encoding: 'utf8',
        timeout: testMs,
      });
      expect(ran.stdout).toMatch(/\d+ passed/);
      expect(ran.status, ran.stdout.slice(-3_000)).toBe(0);
    },
    testMs,
  );
});
