/**
 * A certificate for localhost that signs itself, made when a test runs: none is kept.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly pem: string;
  readonly file: string;
  readonly keyFile: string;
}

export function makeCertificate(folder: string): Certificate {
  const file = join(folder, 'certificate.pem');
  const keyFile = join(folder, 'key.pem');
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost ' +
    `-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout ${keyFile} -out ${file}`;
  const made = spawnSync('openssl', words.split(' '), { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
  return { pem: readFileSync(file, 'utf8'), file, keyFile };
}
