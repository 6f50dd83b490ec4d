/**
 * nginx or HAProxy before a Sluice, by the very files of docs/deploy: their names, ports and paths are replaced,
 * nothing else. With or without TLS and a path prefix.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { type Certificate, makeCertificate } from './certificate.ts';

export type ProxyKind = 'nginx' | 'haproxy';

export interface ProxyOptions {
  /** Where Sluice listens on 127.0.0.1. */
  readonly sluicePort: number;
  /** Ends TLS, with HTTP/2 for those who want it. */
  readonly isTls?: boolean;
  /** The proxy has Sluice under `/sluice`. */
  readonly hasPrefix?: boolean;
}

export interface RunningProxy {
  readonly port: number;
  /** `https://localhost:port/sluice` or less of it, without a slash at its end. */
  readonly url: string;
  /** Of the one who signed the certificate; null without TLS. */
  readonly certificate: Certificate | null;
  stop(): Promise<void>;
}

/** As the files of docs/deploy have it. */
const prefix = '/sluice';
const startMs = 20_000;
/** Whatever is still there when this process ends. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Null where it can run; else a sentence. A proxy that is not there is never installed by a test. */
export function whyNoProxy(kind: ProxyKind): string | null {
  for (const [command, words] of [
    [kind, ['-v']],
    ['openssl', ['version']],
  ] as const) {
    const found = spawnSync(command, words, { env: environment(), stdio: 'ignore' });
    if (found.status !== 0) return `Skipped: ${command} is not installed (\`apt-get install ${command}\`).`;
  }
  return null;
}

/** Resolves when it takes connections. Rejects with what it printed if it ends or is late. */
export async function startProxy(kind: ProxyKind, options: ProxyOptions): Promise<RunningProxy> {
  const { isTls = false, hasPrefix = false } = options;
  const folder = mkdtempSync(join(tmpdir(), `sluice-${kind}-`));
  const port = await freePort();
  const certificate = isTls ? makeCertificate(folder) : null;
  const words = (kind === 'nginx' ? writeNginx : writeHaproxy)({ ...options, port, folder, certificate });
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
    child.kill(kind === 'nginx' ? 'SIGTERM' : 'SIGUSR1');
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
  const url = `${isTls ? 'https' : 'http'}://localhost:${port}${hasPrefix ? prefix : ''}`;
  return { port, url, certificate, stop };
}

interface Places extends ProxyOptions {
  readonly port: number;
  readonly folder: string;
  readonly certificate: Certificate | null;
}

/** Debian's main file, as far as the file of a site needs it, and that file. */
function writeNginx({ folder, port, sluicePort, hasPrefix, certificate }: Places): string[] {
  const site = join(folder, 'site.conf');
  const text = fill(hasPrefix ? 'nginx-prefix.conf' : 'nginx.conf', [
    ['127.0.0.1:4200', `127.0.0.1:${sluicePort}`],
    ['events.example.org', 'localhost'],
    ['listen 443 ssl http2', `listen 127.0.0.1:${port}${certificate === null ? '' : ' ssl http2'}`],
    ['/etc/ssl/sluice/certificate.pem', certificate?.file ?? ''],
    ['/etc/ssl/sluice/key.pem', certificate?.keyFile ?? ''],
  ]);
  writeFileSync(site, certificate === null ? text.replaceAll(/^ *ssl_certificate.*\n/gm, '') : text);
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

function writeHaproxy({ folder, port, sluicePort, hasPrefix, certificate }: Places): string[] {
  const file = join(folder, 'haproxy.cfg');
  const both = join(folder, 'both.pem');
  if (certificate !== null) {
    writeFileSync(both, readFileSync(certificate.file, 'utf8') + readFileSync(certificate.keyFile, 'utf8'));
  }
  const text = fill(hasPrefix ? 'haproxy-prefix.cfg' : 'haproxy.cfg', [
    ['127.0.0.1:4200', `127.0.0.1:${sluicePort}`],
    // As many as a process may have open here.
    ['maxconn 20000', 'maxconn 400'],
    ['bind :443', `bind 127.0.0.1:${port}`],
    [
      ' ssl crt /etc/ssl/sluice/both.pem alpn h2,http/1.1',
      certificate === null ? '' : ` ssl crt ${both} alpn h2,http/1.1`,
    ],
  ]);
  writeFileSync(file, text);
  return ['-db', '-f', file];
}

/**
 * A file of docs/deploy with other places. Throws where one is not in it: then the file has changed and the test has
 * not.
 */
function fill(name: string, places: readonly (readonly [from: string, to: string])[]): string {
  let text = readFileSync(join(repositoryRoot(), 'docs', 'deploy', name), 'utf8');
  for (const [from, to] of places) {
    if (!text.includes(from)) throw new Error(`docs/deploy/${name} has no "${from}" to be replaced.`);
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
