/**
 * Who may do what: the auth string, the tokens of the data folder, and JWTs where their keys are named.
 */
import { type Allowances, createAllowances } from '../access/allowances.ts';
import { type Audit, openAudit } from '../access/audit.ts';
import { type Credentials, createCredentials } from '../access/credentials.ts';
import type { Limits } from '../access/identity.ts';
import { createJwtVerifier, type JwtVerifier } from '../access/jwt.ts';
import { openJwtKeys } from '../access/jwt-keys.ts';
import { openTokenBook } from '../access/token-book.ts';
import { StartRefused } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';

export type AccessSettings = Pick<
  Config,
  'dataDir' | 'auditBytesMax' | 'authString' | 'jwks' | 'jwtIssuer' | 'jwtAudience' | TokenLimit
>;
type TokenLimit = 'tokenRate' | 'tokenRateBytes' | 'tokenConnections' | 'tokenQueries';

export interface OpenedAccess {
  readonly credentials: Credentials;
  readonly allowances: Allowances;
  readonly audit: Audit;
  /** The audit log says that Sluice has stopped. */
  close(): void;
}

/** Throws StartRefused for tokens or keys that cannot be read, and for keys without an issuer and an audience. */
export function openAccess(config: AccessSettings, files: FilePort, log: Log): OpenedAccess {
  const book = openTokenBook(config.dataDir, log);
  const jwt = openJwt(config, log);
  const audit = openAudit(config.dataDir, { bytesMax: config.auditBytesMax, files }, log);
  return {
    credentials: createCredentials({ authString: config.authString, book, jwt: jwt?.verifier ?? null }),
    allowances: createAllowances(defaultsOf(config), () => performance.now()),
    audit,
    close() {
      book.close();
      jwt?.close();
      audit.operated({ what: 'stopped' });
      audit.close();
    },
  };
}

/** 0 is no limit. */
function defaultsOf(config: Pick<Config, TokenLimit>): Limits {
  return {
    rate: config.tokenRate || null,
    rateBytes: config.tokenRateBytes || null,
    connections: config.tokenConnections || null,
    queries: config.tokenQueries || null,
  };
}

function openJwt(
  { jwks, jwtIssuer: issuer, jwtAudience: audience }: AccessSettings,
  log: Log,
): { readonly verifier: JwtVerifier; close(): void } | null {
  if (jwks === null) return null;
  if (issuer === null || audience === null) {
    throw new StartRefused(
      'SLUICE_JWKS wants SLUICE_JWT_ISSUER and SLUICE_JWT_AUDIENCE too: ' +
        'else a token made for somebody else would hold.',
    );
  }
  const keys = openJwtKeys(jwks, () => verifier.forget(), log);
  const verifier = createJwtVerifier({ issuer, audience }, keys.get);
  return { verifier, close: () => keys.close() };
}
