/**
 * Writes docs/PERFORMANCE.md and its plots from the results in bench/results.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../support/peers/sluice.ts';
import { performancePages, readResults } from './report/page.ts';

const root = repositoryRoot();
for (const [path, text] of Object.entries(performancePages(readResults(join(root, 'bench', 'results'))))) {
  const file = join(root, 'docs', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`${file}\n`);
}
