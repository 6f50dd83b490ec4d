/**
 * What is written down is true: the README lists every setting, docs/PROTOCOL.md every failure and metric, ARCHITECTURE.md names tests that exist.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { failures } from '../../src/base/errors.ts';
import { settingsTable } from '../../src/config/config.ts';
import { type SettingRow, settings } from '../../src/config/settings.ts';

/** What an orchestrator sets for a service, as the page on Kubernetes shows it. */
const linksInExamples = ['SLUICE_SERVICE_HOST'];

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the documents', () => {
  it('list every setting with its default, as src/config/settings.ts has them', () => {
    const [, block = ''] = /<!-- settings -->\n([\s\S]*?)<!-- \/settings -->/.exec(read('README.md')) ?? [];
    expect(block.trim()).toBe(settingsTable().trim());
  });

  it('list every failure with its status and close code, and no other', () => {
    const rows = [...read('docs/PROTOCOL.md').matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \|/gm)];
    const listed = rows.map(([, name, status, code]) => [name, Number(status), Number(code)]);
    const known = Object.entries(failures).map(([name, { status, code }]) => [name, status, code]);
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
      rows.flatMap(({ env, alias = env }) => [env, `${env}_FILE`, alias, `${alias}_FILE`]).concat(linksInExamples),
    );
    const deploy = readdirSync(join(root, 'docs', 'deploy')).map((name) => join('docs', 'deploy', name));
    const files = [...deploy, 'docker-compose.yml', 'Dockerfile', 'README.md', 'docs/SECURITY.md', 'docs/PROTOCOL.md'];
    for (const file of files) {
      const named = [...read(file).matchAll(/\b(?:SLUICE|PREFECT_SERVER)_[A-Z_]+[A-Z]\b/g)].map(([name]) => name);
      expect({ file, unknown: named.filter((name) => !known.has(name)) }).toEqual({ file, unknown: [] });
    }
  });

  it('name only tests that exist', () => {
    const named = [...read('ARCHITECTURE.md').matchAll(/`(test\/[\w/.-]+\.ts)`/g)].map(([, file = '']) => file);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});
