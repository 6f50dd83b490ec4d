import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'bench/**/*.test.ts'],
    setupFiles: ['test/seed.ts'],
    // Longer than `until` waits, which says for what.
    testTimeout: 150_000,
    hookTimeout: 180_000,
    // Two cores, and several files start an engine or a server of their own.
    maxWorkers: 2,
  },
});
