/**
 * What is written down is true: the README lists every setting, docs/PROTOCOL.md every part of a filter, failure and
 * metric, and whatever a comment or a document points to is there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { failures } from '../../src/base/errors.ts';
import { othersNames, settingsTable } from '../../src/config/config.ts';
import type { SettingRow } from '../../src/config/setting-row.ts';
import { settings } from '../../src/config/settings.ts';
import { filterTable } from '../../src/filter/filter-table.ts';
import { falseCitations, headingsIn, type Repository } from './citations.ts';
import { rooms } from './rooms.ts';

/** What an orchestrator sets for a service, as the page on Kubernetes shows it. */
const linksInExamples = ['SLUICE_SERVICE_HOST'];

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the documents', () => {
  it.each([
    ['README.md', 'settings', settingsTable()],
    ['docs/PROTOCOL.md', 'filter parts', filterTable()],
  ])('hold the tables that `npm run docs` writes: %s, %s', (file, name, table) => {
    const [, block = ''] = new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- /${name} -->`).exec(read(file)) ?? [];
    expect(block.trim()).toBe(table.trim());
  });

  it('list every failure with its status and close code, and no other', () => {
    const rows = [...read('docs/PROTOCOL.md').matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \| (yes|no) \|/gm)];
    const listed = rows.map(([, name, status, code, again]) => [name, Number(status), Number(code), again === 'yes']);
    const known = Object.entries(failures).map(([name, { status, code, mayRetry }]) => [name, status, code, mayRetry]);
    expect(listed.sort()).toEqual(known.sort());
  });

  it('list every metric, and no other', () => {
    const shown = [...read('src/app/metrics-page.ts').matchAll(/page\.(?:counter|gauge|histogram)\(\s*'(\w+)'/g)];
    const [, table = ''] = /\| metric .*\n\|---\|---\|\n([\s\S]*?)\n\n/.exec(read('docs/PROTOCOL.md')) ?? [];
    const cells = table.split('\n').map((row) => row.split(' | ')[0] ?? '');
    const listed = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)/g)].map(([, name]) => name));
    expect(shown.length).toBeGreaterThan(30);
    expect(listed.sort()).toEqual(shown.map(([, name]) => name).sort());
  });

  it('name only settings that exist, in all that is there to be copied', () => {
    const rows: readonly SettingRow[] = Object.values(settings);
    const known = new Set(
      rows
        .flatMap(({ env, alias = env }) => [env, `${env}_FILE`, alias, `${alias}_FILE`])
        .concat(linksInExamples, othersNames),
    );
    const deploy = ['docs/deploy', 'deploy/prefect'].flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => join(folder, name)),
    );
    const files = [...deploy, 'docker-compose.yml', 'Dockerfile', 'README.md', 'docs/SECURITY.md', 'docs/PROTOCOL.md'];
    for (const file of files) {
      const named = [...read(file).matchAll(/\b(?:SLUICE|PREFECT_SERVER)_[A-Z_]+[A-Z]\b/g)].map(([name]) => name);
      expect({ file, unknown: named.filter((name) => !known.has(name)) }).toEqual({ file, unknown: [] });
    }
  });

  it('are in the index, decisions in theirs', () => {
    const documents = filesIn('.').filter((file) => file.endsWith('.md') && file !== 'docs/README.md');
    const listedIn = (index: string): string[] =>
      [...read(index).matchAll(/\]\(([^)#]+\.md)\)/g)].map(([, target = '']) => join(dirname(index), target));
    const listed = [...listedIn('docs/README.md'), ...listedIn('docs/decisions/README.md')];
    expect([...listed].sort()).toEqual(documents.sort());
  });

  it('say of each room what it is about', () => {
    const told = [...read('ARCHITECTURE.md').matchAll(/^\| `([\w-]+)\/`/gm)].map(([, name]) => name);
    const known = Object.keys(rooms).map((room) => room.replace('src/', ''));
    expect(told.sort()).toEqual(known.filter((room) => !['schemas', 'actors', 'src'].includes(room)).sort());
  });

  it('hold each invariant by tests', () => {
    const [, laws = '', held = ''] = read('docs/design.md').split(/^\| \| (?:invariant|tests) \|$/m);
    const numbersOf = (table: string): string[] =>
      [...table.matchAll(/^\| (I\d+) \|/gm)].map(([, number = '']) => number);
    expect(numbersOf(laws).length).toBeGreaterThan(11);
    expect(numbersOf(held)).toEqual(numbersOf(laws));
  });
});

describe('what comments and documents point to', () => {
  it('is there', () => {
    const files = filesIn('.').filter((file) => isRead(file) && !showsBadOnes.includes(file));
    expect(files.length).toBeGreaterThan(400);
    const faults = files.map((file) => ({ file, cites: falseCitations(file, read(file), repository) }));
    expect(faults.filter(({ cites }) => cites.length > 0)).toEqual([]);
  });

  it.each([
    ['src/a.ts', '/** Said in DESIGN §5. */', ['DESIGN', '§5']],
    ['src/a.ts', "it('is as PROTOCOL-FACTS has it, for issue 6', () => {", ['PROTOCOL-FACTS', 'issue 6']],
    ['src/a.ts', '// Measured (facts/peers.md).', ['facts/', 'facts/peers.md']],
    ['src/a.ts', '// See src/base/gone.ts and src/nowhere.', ['src/base/gone.ts', 'src/nowhere']],
    ['src/a.ts', "const path = 'src/base/gone.ts';", []],
    [
      'src/a.ts',
      '/**\n * As docs/design.md, "Health",\n * "Time" and "Weather" say.\n */',
      ['docs/design.md, "Weather"'],
    ],
    ['src/a.ts', '// As decisions 001 and 099 say.', ['099']],
    ['schemas/a.sql', '-- As docs/gone.md says.', ['docs/gone.md']],
    ['docs/a.md', 'See [the design](design.md#health) and [more](gone.md#health).', ['gone.md', '](gone.md#health)']],
    [
      'docs/a.md',
      'See [the design](design.md#weather), `test/house/rooms.ts` and `test/x/*.ts`.',
      ['](design.md#weather)'],
    ],
  ])('and in %s, %s would be seen', (file, text, faults) => {
    expect(falseCitations(file, text, repository).sort()).toEqual([...faults].sort());
  });
});

/** They hold citations of what is not there, to test that these are seen. */
const showsBadOnes = ['test/house/docs.test.ts', 'test/house/citations.ts'];
/** What is installed, built, made by runs, or not for reading. */
const passedOver = new Set(['node_modules', 'dist', 'data', '.git', '.native', '.venv', '.tmp', 'results', 'fixtures']);
const readTypes = new Set(['.ts', '.mts', '.mjs', '.md', '.sql', '.yml', '.conf', '.cfg', '.service']);

const repository: Repository = {
  has: (path) => existsSync(join(root, path)),
  headingsOf: (document) => headingsIn(read(document)),
  decisions: readdirSync(join(root, 'docs', 'decisions')).flatMap((name) => /^(\d{3})-/.exec(name)?.[1] ?? []),
};

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !passedOver.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesIn(path) : [path];
    });
}

function isRead(file: string): boolean {
  return readTypes.has(extname(file)) || file === 'Dockerfile' || file.startsWith('.ci/');
}
