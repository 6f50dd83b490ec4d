/**
 * The proxy before Prefect and Sluice, by the very files of deploy/prefect: their names, ports and paths are replaced.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from '../proxy/certificate.ts';
import { fill, nginxOf, type Places, runProxy } from '../proxy/run-proxy.ts';

export const fronts = ['nginx', 'nginx-level-2', 'nginx-prefix', 'caddy', 'caddy-level-2'] as const;
export type FrontKind = (typeof fronts)[number];

export interface FrontParts {
  readonly ports: { readonly front: number; readonly prefect: number; readonly sluice: number };
  readonly certificate: Certificate;
  /** Live events stay with Prefect, as older clients with an auth string need it. */
  readonly isOutAtPrefect?: boolean;
}

/** The path that a kind has Prefect under. */
export function pathOf(kind: FrontKind): string {
  return kind === 'nginx-prefix' ? '/prefect' : '';
}

/** The program of a kind. */
export function proxyOf(kind: FrontKind): 'nginx' | 'caddy' {
  return kind === 'caddy' || kind === 'caddy-level-2' ? 'caddy' : 'nginx';
}

/** Resolves to its end when it takes connections. */
export function startFront(
  kind: FrontKind,
  { ports, certificate, isOutAtPrefect = false }: FrontParts,
): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-front-'));
  const servers: Places = [
    ['127.0.0.1:4200', `127.0.0.1:${ports.prefect}`],
    ['127.0.0.1:4201', `127.0.0.1:${ports.sluice}`],
    ...(isOutAtPrefect ? ([['(out|filter|', '(filter|']] as const) : []),
  ];
  if (proxyOf(kind) === 'caddy') {
    const source = kind === 'caddy' ? 'Caddyfile' : 'Caddyfile-level-2';
    const file = join(folder, 'Caddyfile');
    const site = `https://localhost:${ports.front} {\n\ttls ${certificate.file} ${certificate.keyFile}`;
    const options = `{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system ${folder}\n}\n`;
    writeFileSync(file, options + fill(`deploy/prefect/${source}`, [...servers, ['prefect.example.org {', site]]));
    return runProxy('caddy', { words: ['run', '--adapter', 'caddyfile', '--config', file], port: ports.front, folder });
  }
  const text = fill(`deploy/prefect/${kind}.conf`, [
    ...servers,
    ['prefect.example.org', 'localhost'],
    ['listen 443', `listen 127.0.0.1:${ports.front}`],
    ['/etc/ssl/prefect/certificate.pem', certificate.file],
    ['/etc/ssl/prefect/key.pem', certificate.keyFile],
  ]);
  return runProxy('nginx', { words: nginxOf(folder, text), port: ports.front, folder });
}
