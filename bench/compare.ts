/**
 * Writes docs/PERFORMANCE.md, its plots and docs/COST-MODEL.md from the results in bench/results.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../support/peers/sluice.ts';
import { readOptions } from '../support/script-options.ts';
import { performancePages, readResults } from './report/page.ts';

const about = 'Writes docs/PERFORMANCE.md, its plots and docs/COST-MODEL.md anew.';
readOptions({ name: 'bench:compare', about, options: {} });
const root = repositoryRoot();
for (const [path, text] of Object.entries(performancePages(readResults(join(root, 'bench', 'results'))))) {
  const file = join(root, 'docs', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`${file}\n`);
}
