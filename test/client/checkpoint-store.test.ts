/** The stores of checkpoints in Node. That of a browser is tested in one: chromium.test.ts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { type CheckpointStore, fileStore, memoryStore } from '../../client/src/node.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { randomFrom } from '../../support/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-stores-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stores: readonly [string, () => CheckpointStore][] = [
  ['memory', () => memoryStore()],
  ['a file', () => fileStore(join(folder, 'one'))],
];

describe.each(stores)('a store in %s', (_, make) => {
  it('has nothing at first, and then what was saved last', async () => {
    const store = make();
    expect(await store.load()).toBeNull();
    for (const checkpoint of ['1@a', '22222@b~c', '3@ü']) {
      await store.save(checkpoint);
      expect(await store.load()).toBe(checkpoint);
    }
  });
});

describe('a store in a file', () => {
  it('is found again by the next process, and is nobody else’s', async () => {
    const path = join(folder, 'two');
    await fileStore(path).save('7@t');
    expect(await fileStore(path).load()).toBe('7@t');
    expect(await fileStore(join(folder, 'three')).load()).toBeNull();
  });

  it('says what is wrong with its place instead of beginning anew', async () => {
    await expect(fileStore(folder).load()).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(fileStore(join(folder, 'none', 'here')).save('1@a')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('holds the last checkpoint that was saved, or the one under way, after kill -9 at any instant', async () => {
    const path = join(folder, 'killed');
    const random = randomFrom(20_261_129);
    let saved = 0;
    for (let round = 0; round < 6; round += 1) {
      saved = await saveUntilKilled(path, saved, random() * 30);
      const found = Number((await fileStore(path).load())?.split('@')[0]);
      expect([saved, saved + 1]).toContain(found);
      saved = found;
    }
    expect(saved).toBeGreaterThan(6);
  });
});

/** The last number that a process said was saved, after it was killed so long after its first. */
async function saveUntilKilled(path: string, from: number, ms: number): Promise<number> {
  const program = `
    const { fileStore } = await import('./client/src/file-store.ts');
    const store = fileStore(${JSON.stringify(path)});
    for (let nth = ${from} + 1; ; nth += 1) {
      await store.save(nth + '@' + 'x'.repeat(nth % 5000));
      console.log(nth);
    }`;
  const words = ['--import', './support/run-ts.mjs', '--input-type=module', '--eval', program];
  const child: ChildProcess = spawn(process.execPath, words, { cwd: repositoryRoot(), stdio: ['ignore', 'pipe', 2] });
  let saved = from;
  if (child.stdout === null) throw new Error('no pipe');
  for await (const line of createInterface({ input: child.stdout })) {
    if (saved === from) setTimeout(() => child.kill('SIGKILL'), ms);
    saved = Number(line);
  }
  return saved;
}
