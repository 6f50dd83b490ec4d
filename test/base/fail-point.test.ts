/**
 * The crash tests' own tool: off unless asked for, named points only, dead at the very hit.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failPoints } from '../../src/base/fail-point.ts';
import { readConfig } from '../../src/config/config.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';

describe('a fail point', () => {
  it('is off by default, and taken as point:hits only', () => {
    expect(readConfig({}, []).failPoint).toBeNull();
    for (const name of failPoints) {
      expect(readConfig({ SLUICE_FAIL_POINT: `${name}:3` }, []).failPoint).toEqual({ name, hits: 3 });
    }
    for (const wrong of ['insert-sent', 'insert-sent:0', 'insert-sent:x', 'elsewhere:1', ':1']) {
      expect(() => readConfig({ SLUICE_FAIL_POINT: wrong }, [])).toThrow(/SLUICE_FAIL_POINT must be point:hits/);
    }
  });

  it('ends the process as kill -9 does at the hit it was armed for, before the next statement', () => {
    const script = `
      import { armFailPoint, failPoint } from ${JSON.stringify(join(repositoryRoot(), 'src', 'base', 'fail-point.ts'))};
      armFailPoint({ name: 'insert-sent', hits: 2 });
      for (const step of [1, 2, 3]) { process.stdout.write(String(step)); failPoint('pong-due'); failPoint('insert-sent'); }`;
    const words = ['--import', './support/run-ts.mjs', '--input-type=module', '-e', script];
    const { signal, stdout } = spawnSync(process.execPath, words, { cwd: repositoryRoot(), encoding: 'utf8' });
    expect({ signal, stdout }).toEqual({ signal: 'SIGKILL', stdout: '12' });
  });
});
