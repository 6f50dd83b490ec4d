/**
 * docs/PERFORMANCE.md and its plots are what `npm run bench:compare` makes of the committed results: no figure is
 * written by hand.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { performancePages, readResults } from './page.ts';
import { sections } from './sections.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

test('every page of docs/performance is made from bench/results', () => {
  const pages = performancePages(readResults(join(root, 'bench', 'results')));
  expect(Object.keys(pages)).toContain('PERFORMANCE.md');
  for (const [path, text] of Object.entries(pages)) expect(readFileSync(join(root, 'docs', path), 'utf8')).toBe(text);
});

test('a case is shown from the newest result that holds it, and one that failed from none', () => {
  const result = (when: string, value: unknown) => ({ file: `${when}.json`, when, machine: {}, idle: value });
  const shown = (...results: ReturnType<typeof result>[]) => performancePages(results)['PERFORMANCE.md'] ?? '';
  const newer = result('2', { subscribers: 7, bytesPerSubscriber: 123_456 });
  const older = result('1', { subscribers: 7, bytesPerSubscriber: 654_321 });
  expect(shown(newer, older)).toContain('| 7 | 123,456 |');
  expect(shown(newer, older)).not.toContain('654,321');
  expect(shown(result('3', { failed: 'it did' }), older)).toContain('654,321');
  expect(shown(result('3', { failed: 'it did' }))).not.toContain('Idle');
});

test('beside a case stands the same of the same commit on an older Node, and no other', () => {
  const result = (file: string, node: string, commit: string, bytesPerSubscriber: number) => ({
    file,
    when: '2',
    machine: { node, commit },
    idle: { subscribers: 7, bytesPerSubscriber },
  });
  const page = performancePages([
    result('b', 'v20.0.0', 'new', 222_222),
    result('a', 'v24.0.0', 'new', 111_111),
    result('c', 'v22.0.0', 'old', 333_333),
  ])['PERFORMANCE.md'];
  expect(page).toMatch(/111,111[\s\S]*The same on Node/);
  expect(page).toMatch(/The same on Node v20\.0\.0:\n[\s\S]*222,222/);
  expect(page).not.toContain('333,333');
});

test('every case that a committed result holds is on the page', () => {
  const committed = readResults(join(root, 'bench', 'results'));
  const page = performancePages(committed)['PERFORMANCE.md'] ?? '';
  const held = sections.filter(({ key }) => committed.some((one) => key in one || key in Object(one['sluice'])));
  expect(held.map(({ title }) => title).filter((title) => !page.includes(`## ${title}\n`))).toEqual([]);
});
