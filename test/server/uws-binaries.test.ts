/**
 * Which binary of the edge library is loaded where, and that none is loaded whose bytes are not those that were tested.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { lowerGlibc } from '../../src/server/lower-glibc.ts';
import { copyIn, findOrMakeCopy } from '../../src/server/lowered-copy.ts';
import { loadUws } from '../../src/server/uws.ts';
import { type Choice, chooseBinary, knownBinary, type Surroundings } from '../../src/server/uws-binaries.ts';

const packageFolder = dirname(createRequire(import.meta.url).resolve('uWebSockets.js'));
const folder = mkdtempSync(join(tmpdir(), 'sluice-native-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node: Readonly<Record<string, string>> = {
  '115': 'v20.20.2',
  '127': 'v22.11.0',
  '137': 'v24.21.0',
  '108': 'v18.20.8',
};
function on(abi: string, glibc: string | null, more: Partial<Surroundings> = {}): Surroundings {
  return { platform: 'linux', arch: 'x64', abi, node: node[abi] ?? '', glibc, ...more };
}
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('the binary of the edge library', () => {
  it.each<[abi: string, glibc: string | null, wanted: Choice]>([
    ['115', '2.41', 'asItIs'],
    ['127', '2.38', 'asItIs'],
    ['137', '2.41', 'asItIs'],
    ['115', '2.36', 'lowered'],
    ['127', '2.37', 'lowered'],
    ['137', '2.36', 'lowered'],
    ['115', '2.35', 'older'],
    ['115', '2.34', 'older'],
    ['127', '2.35', 'none'],
    ['137', '2.34', 'none'],
    ['115', '2.31', 'none'],
    ['108', '2.41', 'none'],
    ['137', null, 'none'],
  ])('of ABI %s with glibc %s is %s, on both processors', (abi, glibc, wanted) => {
    for (const arch of ['x64', 'arm64']) expect(chooseBinary(on(abi, glibc, { arch }), false)).toBe(wanted);
  });

  it('is the operator’s own where another release was put in its place, and such a one is never altered', () => {
    expect(chooseBinary(on('137', '2.41'), true)).toBe('asItIs');
    expect(chooseBinary(on('137', '2.36'), true)).toBe('none');
    expect(chooseBinary(on('137', null, { platform: 'darwin' }), false)).toBe('untested');
  });

  it('is refused with a sentence that names the pairs that run and the container', () => {
    for (const here of [on('137', '2.35'), on('108', '2.41'), on('137', null), on('115', '2.41', { arch: 'ppc64' })]) {
      expect(() => loadUws(null, here)).toThrow(StartRefused);
      expect(() => loadUws(null, here)).toThrow(/Node 20, 22 or 24 on Linux with glibc 2\.36.*docker compose up/);
    }
  });

  it.runIf(process.versions.modules === '115')('is an older one on glibc 2.35, which says what it cannot do', () => {
    const { uws, warning, needsSmallBuffer } = loadUws(null, on('115', '2.35', { arch: process.arch }));
    expect(uws.App).toBeTypeOf('function');
    expect(warning).toMatch(/505 to a request whose first line the network cuts.*Debian 12/);
    expect(needsSmallBuffer).toBe(false);
  });
});

describe('the copy for older glibc', () => {
  const names = readdirSync(packageFolder).filter((name) => /^uws_linux_(x64|arm64)_(115|127|137)\.node$/.test(name));

  it.each(names)('of %s is the one in the table, as long as its source, and asks for no twin of C23', (name) => {
    const [, arch = '', abi = ''] = /^uws_linux_(\w+)_(\d+)/.exec(name) ?? [];
    const known = knownBinary(on(abi, '2.36', { arch }));
    const source = readFileSync(join(packageFolder, name));
    expect(sha256(source)).toBe(known?.sha256);
    const copy = lowerGlibc(source);
    expect(sha256(copy)).toBe(known?.loweredSha256);
    expect(copy.length).toBe(source.length);
    expect(() => lowerGlibc(copy)).not.toThrow();
    expect(sha256(lowerGlibc(copy))).toBe(known?.loweredSha256);
  });

  it('is of six files', () => expect(names).toHaveLength(6));

  it('of what is no such binary is an error', () => {
    expect(() => lowerGlibc(Buffer.from('#!/bin/sh\nexit 0\n'.padEnd(200)))).toThrow('no 64-bit little-endian ELF');
  });

  const known = knownBinary(on('137', '2.36'));
  const source = join(packageFolder, 'uws_linux_x64_137.node');
  if (known === undefined) throw new Error('not in the table');

  it('is made once, made again where it is damaged, and taken from whichever folder has it whole', () => {
    const [first, second] = [join(folder, 'a', 'native'), join(folder, 'b', 'native')];
    const path = findOrMakeCopy(source, known, [first, second]);
    expect(path).toBe(copyIn(second, known));
    expect(sha256(readFileSync(path))).toBe(known.loweredSha256);
    writeFileSync(path, readFileSync(path).subarray(0, 1000));
    expect(findOrMakeCopy(source, known, [first, second])).toBe(path);
    expect(sha256(readFileSync(path))).toBe(known.loweredSha256);
    expect(findOrMakeCopy(source, known, [second, first])).toBe(path);
    expect(readdirSync(second)).toHaveLength(1);
  });

  it('is made in the program’s folder where the data folder takes none, and said where no folder does', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const writable = join(folder, 'c');
    expect(findOrMakeCopy(source, known, [writable, join(file, 'native')])).toBe(copyIn(writable, known));
    expect(() => findOrMakeCopy(source, known, [join(file, 'native')])).toThrow(/No folder takes a copy of .*ENOTDIR/);
  });

  it('is not made of a file that is damaged', () => {
    const damaged = join(folder, 'damaged.node');
    const bytes = readFileSync(source);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(damaged, bytes);
    const target = join(folder, 'd');
    mkdirSync(target);
    expect(() => findOrMakeCopy(damaged, known, [target])).toThrow(/damaged, or of another release: its SHA-256 is/);
    expect(readdirSync(target)).toEqual([]);
  });
});
