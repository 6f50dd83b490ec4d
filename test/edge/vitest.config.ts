import { defineConfig } from 'vitest/config';

/** The contract suite and its requests in pieces: see run.mjs. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/edge/long-form.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
