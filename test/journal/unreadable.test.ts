/**
 * A data folder that cannot be read as it should be: what the operating system says becomes a sentence that refuses the
 * start, and a fault of ours stays one.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { nodeFiles } from '../../src/base/file-port.ts';
import { harm, killed } from './killed-journal.ts';
import { open, readAll, segmentFiles, systemError, withFolder } from './support.ts';

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return null;
}

it('what the system refuses while the journal is opened is a sentence, with the system’s words and the cause', () => {
  withFolder((folder) => {
    killed(folder, {});
    const denied = systemError('EACCES');
    const files = {
      ...nodeFiles,
      list: () => {
        throw denied;
      },
    };
    const thrown = thrownBy(() => open(folder, {}, files));
    expect(thrown).toBeInstanceOf(StartRefused);
    expect(thrown).toMatchObject({ cause: denied });
    expect(String(thrown)).toMatch(/The journal in .* cannot be opened: EACCES: injected/);
    const fault = new Error('a fault of ours');
    expect(thrownBy(() => open(folder, {}, { ...nodeFiles, bytes: () => throwing(fault) }))).toBe(fault);
  });
});

function throwing(error: Error): never {
  throw error;
}

it('nothing is put down to a power cut where the boot file is gone or says nothing: damage stays damage', () => {
  for (const text of [
    null,
    'not JSON',
    JSON.stringify({ version: 1, bootId: null, durability: 'process', phase: 'running' }),
  ]) {
    withFolder((folder) => {
      const before = killed(folder, {});
      if (text === null) rmSync(join(folder, 'boot'));
      else writeFileSync(join(folder, 'boot'), text);
      const again = open(folder, {}, undefined, undefined, 'boot 2');
      expect([again.epoch, readAll(again).size]).toEqual([before.epoch, 8]);
      again.close();
      if (text === null) rmSync(join(folder, 'boot'));
      else writeFileSync(join(folder, 'boot'), text);
      harm(segmentFiles(folder)[0]!, 100);
      expect(() => open(folder, {}, undefined, undefined, 'boot 3')).toThrow(/is damaged at byte/);
    });
  }
});
