/**
 * Which certificate the settings mean.
 */
import { StartRefused } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { selfSigned } from '../server/self-signed.ts';
import type { TlsFiles } from '../server/tls.ts';

type TlsSettings = Pick<Config, 'tlsCert' | 'tlsKey' | 'tlsSelfSigned' | 'dataDir' | 'host'>;

/** Null without TLS. Throws StartRefused for settings that do not go together. */
export function tlsOf({ tlsCert, tlsKey, tlsSelfSigned, dataDir, host }: TlsSettings): TlsFiles | null {
  const hasPair = tlsCert !== null && tlsKey !== null;
  if (!hasPair && (tlsCert !== null || tlsKey !== null)) {
    const [given, missing] = tlsCert !== null ? ['CERT', 'KEY'] : ['KEY', 'CERT'];
    throw new StartRefused(`SLUICE_TLS_${given} is set and SLUICE_TLS_${missing} is not: TLS needs both files.`);
  }
  if (!tlsSelfSigned) return hasPair ? { cert: tlsCert, key: tlsKey } : null;
  if (!hasPair) return selfSigned(dataDir, host);
  throw new StartRefused(
    'There is a certificate (SLUICE_TLS_CERT) and an order for a self-signed one: give one of them.',
  );
}
