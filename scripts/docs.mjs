// `npm run docs` writes the tables of documents that the source holds; test/house/docs.test.ts compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settingsTable } from '../dist/src/config/config.js';

const readme = join(dirname(dirname(fileURLToPath(import.meta.url))), 'README.md');
const settings = /<!-- settings -->\n[\s\S]*?<!-- \/settings -->/;
const table = `<!-- settings -->\n${settingsTable()}\n<!-- /settings -->`;
writeFileSync(
  readme,
  readFileSync(readme, 'utf8').replace(settings, () => table),
);
