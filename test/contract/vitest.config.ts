import { defineConfig } from 'vitest/config';

/** The contract suite against a server that is named on the command line: see run.mjs. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/contract/any-server.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
