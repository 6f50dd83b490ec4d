/** Whether an error is one of NATS: by its class, for others bear the same names. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { runCluster } from '../../src/commands/cluster.ts';
import { listShared } from '../../src/commands/shared-dead-letter.ts';
import type { GatewaySettings } from '../../src/config/gateway-settings.ts';
import { saidByNats } from '../../src/nats/client-errors.ts';
import { openDeadLetterStream } from '../../src/nats/dead-letter-stream.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { describeNats } from './describe-nats.ts';

it('is told from those of the disk, of ClickHouse and of a clock', async () => {
  const silent = new errors.TimeoutError();
  const refused = new JetStreamApiError({ code: 503, err_code: 10023, description: 'insufficient resources' });
  expect(await saidByNats(silent)).toBe('nothing');
  expect(await saidByNats(new Error('no stream', { cause: new errors.NoRespondersError('a') }))).toBe('nothing');
  expect(await saidByNats(refused)).toBe('no');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  const late = await new Promise((resolve) => {
    const signal = AbortSignal.timeout(1);
    signal.addEventListener('abort', () => resolve(signal.reason));
  });
  expect(late).toMatchObject({ name: silent.name });
  for (const other of [full, late, new Error('ClickHouse is away'), 'a text']) {
    expect(await saidByNats(other)).toBe(null);
  }
});

describeNats('a command for all gateways', (world) => {
  it('does not name NATS where it is the disk that fails', async () => {
    const file = join(world.root, 'file');
    writeFileSync(file, 'where a folder must be');
    const recovering = runCluster(
      {
        SLUICE_LOG: `nats://${world.nats.connection.getServer()}`,
        SLUICE_GATEWAY_ID: 'one',
        SLUICE_SIGNING_KEY: 'k'.repeat(32),
        CLICKHOUSE_URL: 'http://127.0.0.1:1',
        SLUICE_DATA_DIR: join(file, 'data'),
      },
      ['recover'],
    );
    await expect(recovering).rejects.toThrow(
      /cannot be used \(\w+\): a file, or a link that leads nowhere, stands where/,
    );
  });

  it('says of the dead letter what NATS, and what the disk says', async () => {
    const dataDir = join(world.root, 'folder');
    mkdirSync(join(dataDir, 'dead-letter', 'id-taken.ndjson'), { recursive: true });
    const list = async (server: string): Promise<void> => {
      const log = { servers: [server], login: null, credsFile: null, tls: null };
      const settings = { name: 'LOG', id: 'one', log } as unknown as GatewaySettings; // what is asked for
      for await (const _line of listShared(dataDir, settings));
    };
    const there = world.nats.connection.getServer();
    await expect(list(there)).rejects.toThrow('NATS keeps no dead letter of a shared log LOG');
    await openDeadLetterStream(world.nats, { name: 'LOG', replicas: 1 });
    await expect(list(there)).rejects.toThrow('cannot be used (read): a folder stands where a file must be');
    await expect(list(`127.0.0.1:${await freePort()}`)).rejects.toThrow('NATS does not answer at');
  }, 60_000);
});
