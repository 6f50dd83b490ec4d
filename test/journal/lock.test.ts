/**
 * One process to a data folder: the second is told who holds it, and a killed holder holds nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { acquireLock } from '../../src/journal/lock.ts';
import { until } from '../../support/poll.ts';
import { withFolder } from './support.ts';

async function holderOf(folder: string): Promise<ChildProcess> {
  const holder = spawn(process.execPath, ['--import', './support/run-ts.mjs', './test/journal/hold-lock.ts', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout!, 'data');
  return holder;
}

describe('the lock of a data folder', () => {
  it('refuses a second holder, by any path, with a sentence that names the first; kill -9 frees it', async () => {
    await withFolder(async (outer) => {
      const folder = join(outer, 'data');
      mkdirSync(folder);
      symlinkSync(folder, join(outer, 'link'));
      const holder = await holderOf(folder);
      try {
        await expect(acquireLock(folder)).rejects.toThrow(new RegExp(`in use by process ${holder.pid} on .* since 20`));
        await expect(acquireLock(join(outer, 'link'))).rejects.toThrow(StartRefused);
      } finally {
        holder.kill('SIGKILL');
        await once(holder, 'exit');
      }
      expect(existsSync(join(folder, 'LOCK'))).toBe(true);
      const lock = await acquireLock(folder);
      await expect(acquireLock(folder)).rejects.toThrow(new RegExp(`process ${process.pid} `));
      await lock.release();
      await (await acquireLock(folder)).release();
      expect(existsSync(join(folder, 'LOCK'))).toBe(false);
    });
  });

  it('is free after a kill, also while nobody has asked for the exit code of the killed', async () => {
    await withFolder(async (folder) => {
      // The shell in between never waits for what it started.
      const words = `--import ./support/run-ts.mjs ./test/journal/hold-lock.ts ${folder}`;
      const parent = spawn('sh', ['-c', `${process.execPath} ${words} & exec tail -f /dev/null`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(parent.stdout!, 'data');
      const { pid } = JSON.parse(readFileSync(join(folder, 'LOCK'), 'utf8')) as { pid: number }; // as lock.ts wrote it
      const stateOf = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];
      try {
        await expect(acquireLock(folder)).rejects.toThrow(`in use by process ${pid}`);
        process.kill(pid, 'SIGKILL');
        await until('it is a zombie', () => stateOf() === 'Z' || undefined);
        // The last of its threads may still hold the kernel's lock for a moment.
        const lock = await until('the lock is free', () => acquireLock(folder).catch(() => undefined));
        expect(stateOf()).toBe('Z');
        await lock.release();
      } finally {
        parent.kill('SIGKILL');
        await once(parent, 'exit');
      }
    });
  });

  it('takes over from a process whose pid another one has now, but not from one that lives', async () => {
    await withFolder(async (folder) => {
      const lock = await acquireLock(folder);
      const own: unknown = JSON.parse(readFileSync(join(folder, 'LOCK'), 'utf8'));
      await lock.release();
      const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
      const processStart = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      const parent = { ...(own as object), pid: process.ppid, processStart }; // as lock.ts wrote it
      writeFileSync(join(folder, 'LOCK'), JSON.stringify(parent));
      await expect(acquireLock(folder)).rejects.toThrow(`in use by process ${process.ppid}`);
      writeFileSync(join(folder, 'LOCK'), JSON.stringify({ ...parent, processStart: '1' }));
      await (await acquireLock(folder)).release();
      writeFileSync(join(folder, 'LOCK'), 'not JSON');
      await (await acquireLock(folder)).release();
      // Not as any Sluice has written it: it names nobody.
      for (const wrong of [{ version: 2 }, { pid: 'x' }, { host: 5 }, { since: null }]) {
        writeFileSync(join(folder, 'LOCK'), JSON.stringify({ ...parent, ...wrong }));
        await (await acquireLock(folder)).release();
      }
    });
  });

  it('keeps no process alive that has nothing else to do', async () => {
    await withFolder(async (folder) => {
      const words = ['--import', './support/run-ts.mjs', './test/journal/hold-lock.ts', folder, 'end'];
      const holder = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] });
      expect((await once(holder, 'exit'))[0]).toBe(0);
    });
  });
});
