/**
 * Certificate and key of the edge, as files: read and judged before they serve, and again whenever they change. What
 * cannot serve at the start stops it with a sentence; later the pair before it goes on.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { firstLineOf, StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { TemplatedApp, Uws } from './uws.ts';

/** Paths of PEM files; the certificate's own stands first in its file, those that signed it behind it. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** An app of TLS 1.2 and later. Throws StartRefused with a sentence for a pair that cannot serve. */
export function secureApp(uws: Uws, files: TlsFiles, log: Pick<Log, 'warn'>): TemplatedApp {
  const { validTo } = judge(files);
  if (Date.parse(validTo) < Date.now()) log.warn({ validTo }, 'the certificate has expired: clients will refuse it');
  try {
    return uws.SSLApp({ cert_file_name: files.cert, key_file_name: files.key });
  } catch (cause) {
    throw new StartRefused(`The TLS library does not take ${files.cert} and ${files.key}.`, { cause });
  }
}

/** What both files hold; null while one of them cannot be read. */
export function contentOf({ cert, key }: TlsFiles): string | null {
  try {
    return `${readFileSync(cert, 'latin1')}\n${readFileSync(key, 'latin1')}`;
  } catch {
    return null;
  }
}

function judge({ cert, key }: TlsFiles): X509Certificate {
  const certificate = read('SLUICE_TLS_CERT', cert, 'certificate', (pem) => new X509Certificate(pem));
  const privateKey = read('SLUICE_TLS_KEY', key, 'private key without a password', createPrivateKey);
  if (certificate.checkPrivateKey(privateKey)) return certificate;
  throw new StartRefused(`The key in ${key} is not the one of the certificate in ${cert}.`);
}

function read<Value>(name: string, path: string, what: string, parse: (pem: Buffer) => Value): Value {
  let pem: Buffer;
  try {
    pem = readFileSync(path);
  } catch (cause) {
    throw new StartRefused(`${name}: the file cannot be read (${firstLineOf(cause)}).`, { cause });
  }
  try {
    return parse(pem);
  } catch (cause) {
    throw new StartRefused(`${name}: ${path} holds no ${what} in PEM.`, { cause });
  }
}
