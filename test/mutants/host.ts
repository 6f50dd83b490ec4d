/**
 * Runs one test file after the other for its parent, in a tree that holds the mutants, and keeps what vitest has made
 * of the files.
 */
import { createVitest } from 'vitest/node';
import type { Asked, Told } from './test-host.ts';

const root = process.argv[2] ?? '';
const vitest = await createVitest('test', {
  root,
  config: false,
  watch: false,
  include: ['test/**/*.test.ts'],
  setupFiles: ['test/mutants/setup.ts'],
  reporters: [{}],
  bail: 1,
  maxWorkers: 1,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  teardownTimeout: 1_000,
  execArgv: ['--max-old-space-size=1536'],
});

process.on('message', async (asked: Asked) => {
  Object.assign(process.env, asked.env);
  const startedMs = performance.now();
  const specification = vitest.getRootProject().createSpecification(`${root}/${asked.test}`);
  let isPassed = false;
  let why = '';
  try {
    const { testModules: all, unhandledErrors } = await vitest.runTestSpecifications([specification]);
    // Those of earlier runs are among them.
    const testModules = all.filter(({ moduleId }) => moduleId === specification.moduleId);
    isPassed = unhandledErrors.length === 0 && testModules.length > 0 && testModules.every((each) => each.ok());
    const failed = testModules.flatMap((each) => [...each.children.allTests('failed')]);
    why = failed[0]?.fullName ?? String(unhandledErrors[0] ?? testModules[0]?.errors()[0]?.message ?? '');
  } catch (error) {
    why = String(error);
  }
  const told: Told = { isPassed, why: why.slice(0, 200), ms: Math.round(performance.now() - startedMs) };
  process.send?.(told);
});

process.send?.('ready');
