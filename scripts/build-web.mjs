// Makes the console of web/: one script and one style sheet, named by what they hold, and the page that names them.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild-wasm';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'dist', 'web');

const { outputFiles } = await build({
  entryPoints: [join(root, 'web', 'src', 'console.tsx')],
  outdir: out,
  entryNames: '[name]-[hash]',
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'browser',
  target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
});
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
let page = readFileSync(join(root, 'web', 'index.html'), 'utf8');
for (const { path, contents } of outputFiles) {
  writeFileSync(path, contents);
  page = page.replace(path.endsWith('.css') ? 'console.css' : 'console.js', basename(path));
}
// Last, for it is what tells that all is there.
writeFileSync(join(out, 'index.html'), page);
