/**
 * nginx or HAProxy before a Sluice, by the very files of docs/deploy: their names, ports and paths are replaced,
 * nothing else. With or without TLS and a path prefix.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/peers/server-process.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { fill, nginxOf, type ProxyKind, runProxy } from './run-proxy.ts';

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

/** Resolves when it takes connections. Rejects with what it printed if it ends or is late. */
export async function startProxy(kind: ProxyKind, options: ProxyOptions): Promise<RunningProxy> {
  const { isTls = false, hasPrefix = false } = options;
  const folder = mkdtempSync(join(tmpdir(), `sluice-${kind}-`));
  const port = await freePort();
  const certificate = isTls ? makeCertificate(folder) : null;
  const words = (kind === 'nginx' ? writeNginx : writeHaproxy)({ ...options, port, folder, certificate });
  const stop = await runProxy(kind, { words, port, folder });
  const url = `${isTls ? 'https' : 'http'}://localhost:${port}${hasPrefix ? prefix : ''}`;
  return { port, url, certificate, stop };
}

interface Parts extends ProxyOptions {
  readonly port: number;
  readonly folder: string;
  readonly certificate: Certificate | null;
}

function writeNginx({ folder, port, sluicePort, hasPrefix, certificate }: Parts): string[] {
  const text = fill(`docs/deploy/${hasPrefix ? 'nginx-prefix.conf' : 'nginx.conf'}`, [
    ['127.0.0.1:4200', `127.0.0.1:${sluicePort}`],
    ['events.example.org', 'localhost'],
    ['listen 443 ssl http2', `listen 127.0.0.1:${port}${certificate === null ? '' : ' ssl http2'}`],
    ['/etc/ssl/sluice/certificate.pem', certificate?.file ?? ''],
    ['/etc/ssl/sluice/key.pem', certificate?.keyFile ?? ''],
  ]);
  return nginxOf(folder, certificate === null ? text.replaceAll(/^ *ssl_certificate.*\n/gm, '') : text);
}

function writeHaproxy({ folder, port, sluicePort, hasPrefix, certificate }: Parts): string[] {
  const file = join(folder, 'haproxy.cfg');
  const both = join(folder, 'both.pem');
  if (certificate !== null) {
    writeFileSync(both, readFileSync(certificate.file, 'utf8') + readFileSync(certificate.keyFile, 'utf8'));
  }
  const text = fill(`docs/deploy/${hasPrefix ? 'haproxy-prefix.cfg' : 'haproxy.cfg'}`, [
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
