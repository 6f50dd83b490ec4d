/**
 * The short form of the wire fuzz (`npm run fuzz:wire`): a few seconds of HTTP and both sockets with tokens on.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { routes, socketRoutes } from '../../src/server/route-table.ts';
import { testSeed as seed } from '../seed.ts';
import { coverageText, runWire } from './wire-run.ts';
import { startWireTarget, type WireTarget } from './wire-target.ts';

let target: WireTarget;

beforeAll(async () => {
  target = await startWireTarget();
}, 60_000);
afterAll(() => target?.stop());

it('answers whatever comes, ends nothing but connections, and keeps nothing of them', async () => {
  const { cases, coverage, faults } = await runWire(target, {
    seed,
    untilMs: 40_000,
    casesMax: 1_500,
    say: () => undefined,
  });
  console.log(`seed ${seed}, ${cases} cases\n${coverageText(coverage)}`);
  expect([seed, faults]).toEqual([seed, []]);
  for (const { method, path } of [...routes, ...socketRoutes])
    expect([...coverage.keys()]).toContain(`${method} ${path}`);
}, 60_000);
