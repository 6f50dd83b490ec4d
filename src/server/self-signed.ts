/**
 * A certificate that nobody has signed but itself, for trying TLS: made once in the data folder and used again.
 * node-forge, for Node has no call that makes certificates; it is one package without others, and well kept.
 */
import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import forge from 'node-forge';
import type { TlsFiles } from './tls.ts';

const days = 365;
const dayMs = 24 * 60 * 60 * 1000;

/**
 * The pair in `tls/` of the data folder. A new one is made where there is none, where it ends within a day, or where it
 * is of another host.
 */
export function selfSigned(dataDir: string, host: string, nowMs = Date.now()): TlsFiles {
  const folder = join(dataDir, 'tls');
  const files = { cert: join(folder, 'self-signed.crt'), key: join(folder, 'self-signed.key') };
  if (isUsable(files, host, nowMs)) return files;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { cert, key } = make(host, nowMs);
  writeFileSync(files.key, key, { mode: 0o600 });
  writeFileSync(files.cert, cert, { mode: 0o644 });
  return files;
}

function isUsable({ cert, key }: TlsFiles, host: string, nowMs: number): boolean {
  if (!existsSync(cert) || !existsSync(key)) return false;
  try {
    const certificate = new X509Certificate(readFileSync(cert));
    const isOfHost = (isIP(host) > 0 ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;
    return isOfHost && Date.parse(certificate.validTo) > nowMs + dayMs;
  } catch {
    return false;
  }
}

function make(host: string, nowMs: number): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  const number = randomBytes(15).toString('hex');
  // Positive, as it must be.
  certificate.serialNumber = `01${number}`;
  certificate.validity.notBefore = new Date(nowMs - dayMs);
  certificate.validity.notAfter = new Date(nowMs + days * dayMs);
  // Each has another name, so that one file of trusted ones may hold several.
  const name = [{ name: 'commonName', value: `Sluice, self-signed, ${number}` }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  const names = [...new Set(['localhost', '127.0.0.1', '::1', host])];
  // Kinds of names as X.509 numbers them.
  const altNames = names.map((each) => (isIP(each) > 0 ? { type: 7, ip: each } : { type: 2, value: each }));
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: privateKey };
}
