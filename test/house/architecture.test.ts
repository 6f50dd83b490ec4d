/**
 * The shape of the code as a law: imports point one way, nothing goes in circles, files, functions and lines stay
 * small.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { faultsAround, faultsOf, findCircle, unusedArrows } from './rooms.ts';
import { longComments, longFunctions, longLines } from './sizes.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const rooms = ['schemas', 'actors', 'client/src', 'src', 'cli', 'web/src'];
const files = filesIn(rooms);
const filesAround = filesIn(['support', 'bench', 'test']);
const codeTypes = ['.ts', '.tsx', '.mts', '.mjs', '.py', '.sql'];
const scripts = filesIn(['scripts', 'integrations'], codeTypes);

describe('the architecture', () => {
  it('has every file in a room, and every import on an arrow of the table', () => {
    expect(faultsOf(files, read)).toEqual([]);
    expect(unusedArrows(files, read)).toEqual([]);
  });

  it('is used by tests and benchmarks, which share support and nothing of each other', () => {
    expect(faultsAround([...files, ...filesAround], read)).toEqual([]);
    const texts: Record<string, string> = {
      'bench/a.ts': "import { b } from '../support/b.ts';\nimport { c } from '../test/c.ts';",
      'support/b.ts': "import { d } from '../src/base/d.ts';\nimport { a } from '../bench/a.ts';",
      'test/c.ts': "import { b } from '../support/b.ts';\nimport type { a } from '../bench/a.ts';",
      'src/base/d.ts': "import { b } from '../../support/b.ts';",
    };
    expect(faultsAround(Object.keys(texts), (file) => texts[file] ?? '')).toEqual([
      'bench/a.ts → test/c.ts',
      'support/b.ts → bench/a.ts',
      'test/c.ts → bench/a.ts',
      'src/base/d.ts → support/b.ts',
    ]);
  });

  it('has no circle of imports', () => {
    expect(findCircle(files, read)).toBeNull();
  });

  it('would see a new folder, an arrow upwards and a circle', () => {
    const texts: Record<string, string> = {
      'src/attic/box.ts': "import { a } from '../base/a.ts';",
      'src/loose.ts': '',
      'src/base/a.ts': "import type { b } from '../feed/b.ts';",
      'src/feed/b.ts': "const { a } = await import('../base/a.ts');",
    };
    const readText = (file: string): string => texts[file] ?? '';
    expect(faultsOf(Object.keys(texts), readText)).toEqual([
      'src/attic/box.ts stands in no room',
      'src/loose.ts stands in no room',
      'src/base/a.ts → src/feed/b.ts',
    ]);
    expect(findCircle(Object.keys(texts), readText)).toEqual(['src/base/a.ts', 'src/feed/b.ts', 'src/base/a.ts']);
  });

  it('knows uWebSockets.js in src/server only', () => {
    const knowing = files.filter((file) => /from 'uWebSockets\.js'|import\('uWebSockets\.js'\)/.test(read(file)));
    expect(knowing.filter((file) => !file.startsWith('src/server/'))).toEqual([]);
  });

  it('reads the environment in one place only', () => {
    expect(
      files.filter(
        (file) =>
          /process\.env\b(?!\['(?:PATH|UWS_HTTP_MAX_HEADERS_SIZE)'\])/.test(read(file)) && file !== 'src/main.ts',
      ),
    ).toEqual([]);
  });

  it('keeps files at 300 lines at most, the median of the rooms at 80', () => {
    const all = [...files, ...filesAround, ...scripts];
    expect(all.filter((file) => linesOf(file) > 300)).toEqual([]);
    const sorted = files.map(linesOf).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(80);
  });

  it('ends lines at 120 columns, but for addresses', () => {
    const all = filesIn([...rooms, 'bin', 'support', 'bench', 'scripts', 'integrations'], codeTypes);
    expect(all.flatMap((file) => longLines(file, read(file)))).toEqual([]);
    expect(filesIn(['test'], codeTypes).flatMap((file) => longComments(file, read(file)))).toEqual([]);
  });

  it('would see a line of 121 characters, however many bytes they have', () => {
    const text = `${'é'.repeat(120)}\n${'é'.repeat(121)}\n// https://example.org/${'a'.repeat(120)}\n// http://short ${'a'.repeat(120)}`;
    expect(longLines('a.ts', text)).toEqual(['a.ts:2', 'a.ts:4']);
    expect(longComments('a.ts', text)).toEqual(['a.ts:4']);
  });

  it('keeps functions at 60 lines at most', () => {
    expect(files.flatMap((file) => longFunctions(file, read(file)))).toEqual([]);
  });

  it('would see a long function of any kind, and no long class', () => {
    const body = (lines: number): string => `{${'\n'.repeat(lines - 1)}}`;
    const sample = [
      `function declared() ${body(61)}`,
      `const arrow = () => ${body(61)};`,
      `const outer = () => { const inner = function () ${body(61)}; };`,
      `class Big { constructor() ${body(61)} method() ${body(61)} get it() ${body(61)} #short() ${body(60)} }`,
      `function short() ${body(60)}`,
    ];
    const kinds = sample.map((text) => longFunctions('a.ts', text).length);
    expect(kinds).toEqual([1, 1, 2, 3, 0]);
    expect(longFunctions('a.ts', `/** A comment. */\n${sample[0]}`)).toEqual(['a.ts:2 has 61 lines']);
  });

  it('uses no any, no default export and no barrel', () => {
    // The two faces of the published package have one list of names.
    const entries = ['client/src/browser.ts', 'client/src/node.ts'];
    const offenders = files.filter(
      (file) =>
        /\bas any\b|[:<] ?any\b(?=[\s,;)>\]=]*$)|export default/m.test(read(file)) ||
        (/^export \* from/m.test(read(file)) && !entries.includes(file)) ||
        file.endsWith('/index.ts'),
    );
    expect(offenders).toEqual([]);
  });
});

function filesIn(folders: readonly string[], types: readonly string[] = ['.ts', '.tsx']): string[] {
  return folders
    .flatMap((folder) => filesBelow(join(root, folder)))
    .filter((path) => types.some((type) => path.endsWith(type)))
    .map((path) => relative(root, path));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

function linesOf(file: string): number {
  return read(file).split('\n').length - 1;
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
