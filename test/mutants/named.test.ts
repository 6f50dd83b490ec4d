/** What is always tried is there to be tried: a change with a name is found in the source, as it stands now. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { namedChanges } from './named.ts';

test.each(namedChanges)('the change `$name` is found in $file', ({ file, find }) => {
  expect(readFileSync(file, 'utf8')).toContain(find);
});
