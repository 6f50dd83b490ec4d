/**
 * The bare uWebSockets.js server of the ceilings as a child process.
 */
import { join } from 'node:path';
import { freePort, launchServer } from '../../support/peers/server-process.ts';
import type { OwnServer } from '../cases/own-server.ts';

const startMs = 10_000;

export async function withBare<Result>(root: string, work: (server: OwnServer) => Promise<Result>): Promise<Result> {
  const server = await launchServer({
    command: process.execPath,
    words: [join('dist', 'bench', 'ceilings', 'bare-server.js'), String(await freePort())],
    directory: root,
    env: process.env,
    findUrl: async (output) => /listening on (\S+)/.exec(output)?.[1] ?? null,
    startMs,
  });
  try {
    return await work({ name: 'bare', url: server.url, pid: server.pid, isPeer: false, enginePid: null });
  } finally {
    await server.stop();
  }
}
