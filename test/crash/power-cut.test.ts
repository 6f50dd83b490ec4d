/**
 * The simulated power cut takes what it may, and only that: what was synced, bytes and names, is there for every seed;
 * what was not is gone for some.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeFiles, writeAll } from '../../src/base/file-port.ts';
import { withDurableCopy } from '../../src/journal/durable-copy.ts';
import { cutPower } from './power-cut.ts';
import { seeded } from './random.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-power-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const pages = 4;
const page = (letter: string) => Buffer.alloc(4096, letter);
const seeds = Array.from({ length: 40 }, (_, seed) => seed);

/**
 * A file of synced pages "a", then its pages 1 and 4 written over and behind with "b", not synced; and a rename. Gives
 * what is left.
 */
async function liveAndDie(seed: number, how: 'sync' | 'syncLater' | 'none') {
  const dataDir = join(folder, String(seed));
  const copy = `${dataDir}.copy`;
  nodeFiles.makeDirectory(dataDir);
  const files = withDurableCopy(nodeFiles, copy);
  const file = files.open(join(dataDir, 'one'), 'create');
  for (let nth = 0; nth < pages; nth += 1) writeAll(files, file, page('a'), 4096, nth * 4096);
  if (how === 'sync') files.sync(file);
  if (how === 'syncLater') await files.syncLater(file);
  files.syncDirectory(dataDir);
  for (const nth of [1, pages]) writeAll(files, file, page('b'), 4096, nth * 4096);
  files.rename(join(dataDir, 'one'), join(dataDir, 'two'));
  files.close(file);
  cutPower(dataDir, copy, seeded(seed));
  const read = (name: string) => (existsSync(join(dataDir, name)) ? readFileSync(join(dataDir, name), 'latin1') : null);
  return { one: read('one'), two: read('two') };
}

it.each(['sync', 'syncLater'] as const)(
  'keeps what was synced by %s, and each unsynced page for some seeds only',
  async (how) => {
    const found = await Promise.all(seeds.map((seed) => liveAndDie(seed, how)));
    const texts = found.flatMap(({ one, two }) => [one, two].filter((text) => text !== null));
    for (const text of texts) {
      expect(text.slice(0, 4096) + text.slice(2 * 4096, pages * 4096)).toBe('a'.repeat((pages - 1) * 4096));
    }
    expect(new Set(texts.map((text) => text[4096]))).toEqual(new Set(['a', 'b']));
    expect(new Set(texts.map((text) => text[pages * 4096]))).toEqual(new Set([undefined, 'b', '\0']));
    // Two names of one file, of which the old one is sure to have been, and neither is sure to be.
    expect(new Set(found.map(({ one, two }) => `${one !== null} ${two !== null}`)).size).toBe(4);
  },
);

it('keeps nothing that was never synced, for some seeds', async () => {
  const found = await Promise.all(seeds.map((seed) => liveAndDie(seed, 'none')));
  const texts = found.flatMap(({ one, two }) => [one, two].filter((text) => text !== null));
  expect(texts.some((text) => text.length === 0)).toBe(true);
  expect(texts.some((text) => text.startsWith('\0'))).toBe(true);
});

it('takes what it left for synced: a second cut takes nothing', () => {
  const dataDir = join(folder, 'data');
  const copy = `${dataDir}.copy`;
  nodeFiles.makeDirectory(dataDir);
  const files = withDurableCopy(nodeFiles, copy);
  const file = files.open(join(dataDir, 'one'), 'create');
  writeAll(files, file, page('a'), 4096, 0);
  files.sync(file);
  files.syncDirectory(dataDir);
  files.close(file);
  cutPower(dataDir, copy, seeded(1));
  for (const seed of seeds) expect(cutPower(dataDir, copy, seeded(seed))).toEqual({ names: 0, files: 0 });
  expect(readFileSync(join(dataDir, 'one'), 'latin1')).toBe('a'.repeat(4096));
});
