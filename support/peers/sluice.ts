/**
 * Sluice from dist as a child process: on a free port, with the settings of the caller and none of the environment's.
 */
import { fileURLToPath } from 'node:url';
import { freePort, launchServer, type ServerProcess } from './server-process.ts';

export interface SluiceOptions {
  readonly root: string;
  readonly dataDir: string;
  /** A free one if not given: not 0, for a port taken as 0 cannot be taken again by its number for a minute. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A net: on a machine that is full of other work a start takes minutes. */
const startMs = 300_000;

/** Starts Sluice and waits until intake and the store are ready. */
export async function launchSluice({ root, dataDir, port, env = {} }: SluiceOptions): Promise<ServerProcess> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(SLUICE_|PREFECT_)/.test(name));
  const authString = env['SLUICE_AUTH_STRING'];
  return launchServer({
    command: process.execPath,
    words: ['dist/src/main.js'],
    directory: root,
    env: {
      ...Object.fromEntries(inherited),
      SLUICE_PORT: String(port ?? (await freePort())),
      SLUICE_DATA_DIR: dataDir,
      ...env,
    },
    findUrl: async (output) => {
      const url = /listening on (http:\/\/\S+:\d+)/.exec(output)?.[1] ?? null;
      return url !== null && (await isStoreReady(url, authString)) ? url : null;
    },
    startMs,
  });
}

/** The checkout that holds this file, from the source and from dist alike. */
export function repositoryRoot(): string {
  const here = fileURLToPath(new URL('.', import.meta.url));
  return here.replace(/(\/dist)?\/support\/peers\/$/, '');
}

/** Queries answer 503 until the store is there: the plainest sign, whatever else the verbose answer says. */
async function isStoreReady(url: string, authString: string | undefined): Promise<boolean> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (authString !== undefined) headers['authorization'] = `Basic ${Buffer.from(authString).toString('base64')}`;
  const answer = await fetch(`${url}/api/events/filter`, { method: 'POST', headers, body: '{"limit":0}' }).catch(
    () => null,
  );
  return answer?.status === 200;
}
