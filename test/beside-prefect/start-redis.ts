/** A Redis of its own, for Prefect's broker over it: Debian's redis-server on a free port. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, launchServer } from '../../support/peers/server-process.ts';

export interface Redis {
  /** Of a Prefect server that has the hook before `prefect_redis`. */
  readonly settings: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startRedis(): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'));
  const port = await freePort();
  const server = await launchServer({
    command: 'redis-server',
    words: ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes'],
    directory: folder,
    env: process.env,
    findUrl: async () => ((await answersPing(port)) ? `redis://127.0.0.1:${port}` : null),
    startMs: 20_000,
  });
  const settings = {
    PREFECT_TO_SLUICE_BROKER: 'prefect_redis.messaging',
    PREFECT_MESSAGING_CACHE: 'prefect_redis.messaging',
    PREFECT_REDIS_MESSAGING_HOST: '127.0.0.1',
    PREFECT_REDIS_MESSAGING_PORT: String(port),
  };
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { settings, stop };
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (said) => {
      socket.destroy();
      resolve(said.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
  });
}
