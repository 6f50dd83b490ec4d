/**
 * Who comes in the very moment in which the port opens meets a server that is whole: all that a request may ask is
 * there before the port is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { startSluice } from '../../src/app/start-sluice.ts';
import { createLog } from '../../src/base/log.ts';
import { readConfig } from '../../src/config/config.ts';
import type { ServerParts } from '../../src/server/parts.ts';

const asked: string[] = [];

/** The real edge, and a request of the first turn. */
vi.mock('../../src/server/start-server.ts', async (importOriginal) => {
  const { startServer } = await importOriginal<typeof import('../../src/server/start-server.ts')>();
  return {
    startServer: (parts: ServerParts) => {
      asked.push(parts.metrics(), JSON.stringify(parts.ready().verbose()));
      return startServer(parts);
    },
  };
});

it('has metrics and verbose ready for the first request of all', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-first-'));
  const env = { SLUICE_DATA_DIR: dataDir, SLUICE_PORT: '0', CLICKHOUSE_URL: 'http://127.0.0.1:1/nobody' };
  const sluice = await startSluice(readConfig(env, []), createLog('silent'), () => undefined);
  await sluice.stop(AbortSignal.abort());
  rmSync(dataDir, { recursive: true });
  const [metrics = '', ready = ''] = asked;
  expect(metrics).toMatch(/^sluice_epoch_stored\{epoch="[^"]+"\} 0$/m);
  expect(JSON.parse(ready)).toMatchObject({ epochBook: { stored: 0, pending: 0 } });
});
