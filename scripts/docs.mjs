// `npm run docs` writes the tables of documents that the source holds; test/house/docs.test.ts compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settingsTable } from '../dist/src/config/config.js';
import { filterTable } from '../dist/src/filter/filter-table.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

writeTable('README.md', 'settings', settingsTable());
writeTable('docs/PROTOCOL.md', 'filter parts', filterTable());

/** The table stands between two comments with its name. */
function writeTable(document, name, table) {
  const file = join(root, document);
  const block = new RegExp(`<!-- ${name} -->\\n[\\s\\S]*?<!-- /${name} -->`);
  const text = readFileSync(file, 'utf8');
  if (!block.test(text)) throw new Error(`${document} has no place for the table of ${name}`);
  writeFileSync(
    file,
    text.replace(block, () => `<!-- ${name} -->\n${table}\n<!-- /${name} -->`),
  );
}
