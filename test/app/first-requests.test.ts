/**
 * Who comes in the very moment in which the port opens meets a server that is whole: all that a request may ask is
 * there before the port is, and what is live reaches who is live.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { startSluice } from '../../src/app/start-sluice.ts';
import { createLog } from '../../src/base/log.ts';
import { readConfig } from '../../src/config/config.ts';
import type { ServerParts } from '../../src/server/parts.ts';
import { eventLike, publish } from '../../support/events.ts';
import { subscribe } from '../../support/wire-client.ts';

const asked: string[] = [];
const sent = eventLike({ event: 'first.of.all' });
let frame = '';

/** The real edge, a look before its port is open, and a subscriber before the start is told of it. */
vi.mock('../../src/server/start-server.ts', async (importOriginal) => {
  const { startServer } = await importOriginal<typeof import('../../src/server/start-server.ts')>();
  return {
    startServer: async (parts: ServerParts) => {
      asked.push(parts.metrics(), JSON.stringify(parts.ready().verbose()));
      const server = await startServer(parts);
      frame = await nextLive(server.port);
      return server;
    },
  };
});

async function nextLive(port: number): Promise<string> {
  const target = { baseUrl: () => `http://127.0.0.1:${port}`, strict: true };
  const subscriber = await subscribe(target, {}, { backfill: false });
  // Answered once the subscriber is live.
  await subscriber.ping();
  await publish(target, [sent]);
  const message = await subscriber.next();
  subscriber.drop();
  return message;
}

describe('the first requests of all', () => {
  beforeAll(async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sluice-first-'));
    const env = { SLUICE_DATA_DIR: dataDir, SLUICE_PORT: '0', CLICKHOUSE_URL: 'http://127.0.0.1:1/nobody' };
    const sluice = await startSluice(readConfig(env, []), createLog('silent'), () => undefined);
    await sluice.stop(AbortSignal.abort());
    rmSync(dataDir, { recursive: true });
  });

  it('find metrics and verbose ready', () => {
    const [metrics = '', ready = ''] = asked;
    expect(metrics).toMatch(/^sluice_epoch_stored\{epoch="[^"]+"\} 0$/m);
    expect(JSON.parse(ready)).toMatchObject({ epochBook: { stored: 0, pending: 0 } });
  });

  it('are told live what comes before the start has ended', () => {
    expect(JSON.parse(frame)).toMatchObject({ type: 'event', event: { id: sent['id'] } });
  });
});
