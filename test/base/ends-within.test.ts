/** A stop waits for a disk, but not for ever. */
import { expect, test } from 'vitest';
import { endsWithin } from '../../src/base/ends-within.ts';

test('work that ends in time has ended, work that hangs has not, and a failure is its own', async () => {
  const hanging = new Promise(() => undefined);
  expect(await endsWithin(60_000, Promise.resolve())).toBe(true);
  expect(await endsWithin(10, hanging)).toBe(false);
  await expect(endsWithin(60_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});
