/**
 * I9: an embedded engine that hangs (SIGSTOP), or lives and no longer listens, is replaced after its time, and not
 * before; being watched does not hold up its stop.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EmbeddedEngine } from '../../src/clickhouse/embedded-engine.ts';
import { startTestEngine } from '../../support/engine.ts';
import { until } from '../../support/poll.ts';

const hungMs = 6_000;
/** How often it is asked. */
const watchMs = 2_000;
/** So long does ClickHouse wait at its stop for connections that are kept alive. */
const keptAliveMs = 4_000;
let dataDir = '';
let engine: EmbeddedEngine;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'sluice-hung-'));
  engine = startTestEngine(dataDir, { backoffFirstMs: 50 }, hungMs);
  await untilReady();
}, 150_000);
afterAll(async () => {
  if (engine.phase !== 'stopped') await engine.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

it('is killed and started again, and not before it was silent for its time', async () => {
  const hung = engine.processId!;
  const began = performance.now();
  process.kill(hung, 'SIGSTOP');
  await until('another one runs', () => (engine.processId !== null && engine.processId !== hung) || undefined, 60_000);
  expect(performance.now() - began).toBeGreaterThan(hungMs);
  await untilReady();
  expect(() => process.kill(hung, 0)).toThrow();
}, 150_000);

it('is started again if it lives and no longer listens', async () => {
  const deaf = engine.processId!;
  const state = await firstValueFrom(engine.endpoint$);
  if (state.endpoint === null) throw new Error(state.reason);
  const { url, pathname } = state.endpoint;
  const statement = { method: 'POST', body: 'SYSTEM STOP LISTEN HTTP' };
  // The library's own user may. It answers, or its listener goes before.
  await fetch(`${url}${pathname}`, statement).catch(() => undefined);
  await until('nothing listens there', () =>
    fetch(url).then(
      () => undefined,
      () => true as const,
    ),
  );
  expect(engine.processId).toBe(deaf);
  await until('another one runs', () => (engine.processId !== null && engine.processId !== deaf) || undefined, 60_000);
  await untilReady();
  const next = await firstValueFrom(engine.endpoint$);
  expect(next.endpoint?.pathname).not.toBe(pathname);
}, 150_000);

it('ends at once where it was asked shortly before whether it answers', async () => {
  const ready = performance.now();
  await until('it was asked', () => performance.now() - ready > watchMs + 500 || undefined);
  const began = performance.now();
  await engine.stop();
  expect(performance.now() - began).toBeLessThan(keptAliveMs);
}, 150_000);

async function untilReady(): Promise<void> {
  await until('the engine answers', () => engine.phase === 'ready' || undefined, 60_000);
}
