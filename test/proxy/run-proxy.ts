/**
 * A proxy as a child process, by a file of the repository whose names, ports and paths are replaced, nothing else.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';

export type ProxyKind = 'nginx' | 'haproxy';
export type Places = readonly (readonly [from: string, to: string])[];

const startMs = 20_000;
/** Whatever is still there when this process ends. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Null where it can run; else a sentence. A proxy that is not there is never installed by a test. */
export function whyNoProxy(kind: ProxyKind | 'caddy'): string | null {
  for (const [command, words] of [
    [kind, [kind === 'caddy' ? 'version' : '-v']],
    ['openssl', ['version']],
  ] as const) {
    const found = spawnSync(command, words, { env: environment(), stdio: 'ignore' });
    if (found.status !== 0) return `Skipped: ${command} is not installed (\`apt-get install ${command}\`).`;
  }
  return null;
}

/**
 * Resolves to its end when it takes connections; the folder goes with it. Rejects with what it printed if it ends or
 * is late.
 */
export async function runProxy(
  kind: ProxyKind | 'caddy',
  { words, port, folder }: { readonly words: readonly string[]; readonly port: number; readonly folder: string },
): Promise<() => Promise<void>> {
  const child = spawn(kind, words, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill(kind === 'haproxy' ? 'SIGUSR1' : 'SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await ended;
    clearTimeout(late);
    running.delete(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const isThere = async (): Promise<true | undefined> => {
    if (child.exitCode !== null) throw new Error(`${kind} ended at the start:\n${output}`);
    return (await takesConnections(port)) || undefined;
  };
  await until(`${kind} takes connections`, isThere, startMs).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return stop;
}

/** Debian's main file, as far as the file of a site needs it, and that file. Returns nginx's words. */
export function nginxOf(folder: string, siteText: string): string[] {
  const site = join(folder, 'site.conf');
  writeFileSync(site, siteText);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => {
    mkdirSync(join(folder, what));
    return `${what}_temp_path ${join(folder, what)};`;
  });
  const main = join(folder, 'main.conf');
  const user = userInfo().uid === 0 ? 'user root;\n' : '';
  writeFileSync(
    main,
    `${user}daemon off;\nworker_processes 1;\npid ${join(folder, 'pid')};\nerror_log stderr warn;\n` +
      `events { worker_connections 1024; }\nhttp {\naccess_log off;\n${temporary.join('\n')}\ninclude ${site};\n}\n`,
  );
  return ['-p', folder, '-e', 'stderr', '-c', main];
}

/**
 * A file of the repository with other places. Throws where one is not in it: then the file has changed and the test has
 * not.
 */
export function fill(file: string, places: Places): string {
  let text = readFileSync(join(repositoryRoot(), file), 'utf8');
  for (const [from, to] of places) {
    if (!text.includes(from)) throw new Error(`${file} has no "${from}" to be replaced.`);
    text = text.replaceAll(from, () => to);
  }
  return text;
}

/** Debian has both in folders that are not on everybody's path. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` };
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
