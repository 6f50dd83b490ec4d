/** Several who start in one fresh checkout build it once: the others wait for that build. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { repositoryRoot } from '../../support/peers/sluice.ts';

const checkout = mkdtempSync(join(tmpdir(), 'sluice-checkout-'));
afterAll(() => rmSync(checkout, { recursive: true, force: true }));

/** Stands in for the compiler: slow enough that the others come while it runs. */
const compiler = `const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
appendFileSync('built.txt', 'compiled\\n');
setTimeout(() => {
  mkdirSync('dist/src', { recursive: true });
  writeFileSync('dist/src/main.js', '');
  writeFileSync('dist/.tsbuildinfo', '');
}, 1000);`;
const bundler = `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
appendFileSync('built.txt', 'bundled\\n');
mkdirSync('dist/web', { recursive: true });
writeFileSync('dist/web/index.html', '');`;
const files: Readonly<Record<string, string>> = {
  'package-lock.json': '{}',
  'tsconfig.json': '{}',
  'tsconfig.build.json': '{}',
  'node_modules/.package-lock.json': '{}',
  'node_modules/typescript/bin/tsc': compiler,
  'node_modules/esbuild-wasm/package.json': '{}',
  'scripts/build-web.mjs': bundler,
  'prepare.mjs': `import { prepareBuild } from './scripts/prepare-build.mjs';\nawait prepareBuild(1);`,
};

it('three at once in a fresh checkout build it once, and none goes on before it is built', async () => {
  for (const folder of ['src', 'actors', 'schemas', 'client/src', 'cli', 'bench', 'support', 'web'])
    mkdirSync(join(checkout, folder), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(checkout, name)), { recursive: true });
    writeFileSync(join(checkout, name), text);
  }
  const script = join('scripts', 'prepare-build.mjs');
  copyFileSync(join(repositoryRoot(), script), join(checkout, script));
  const run = promisify(execFile);
  const said = await Promise.all(
    [1, 2, 3].map(async () => {
      const { stdout } = await run(process.execPath, ['prepare.mjs'], { cwd: checkout });
      expect(readFileSync(join(checkout, 'dist', 'web', 'index.html'), 'utf8')).toBe('');
      return stdout;
    }),
  );
  expect(readFileSync(join(checkout, 'built.txt'), 'utf8')).toBe('compiled\nbundled\n');
  expect(said.filter((text) => text.includes('sluice: building …'))).toHaveLength(1);
});
