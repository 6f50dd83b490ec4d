/**
 * JWTs of somebody else's identity provider, checked by `jose` against its published keys. Only algorithms with a
 * public key are taken, so `none` and a public key used as a shared secret never hold.
 */
import { createHash } from 'node:crypto';
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Filter } from '../../schemas/filter.ts';
import { Failure } from '../base/errors.ts';
import { filterKey } from '../filter/filter-key.ts';
import { isRecord } from '../filter/read-model.ts';
import { readForcedFilter } from './forced-filter.ts';
import { type Identity, noLimits, type Right, rightNames } from './identity.ts';

export interface JwtSettings {
  readonly issuer: string;
  readonly audience: string;
}

export interface JwtVerifier {
  /** What is known of a token without waiting; undefined for one that must be verified. */
  known(token: string): Identity | undefined;
  /** Null for a token that does not hold. Rejects with Failure `keysUnavailable` where no keys can be had. */
  verify(token: string): Promise<Identity | null>;
  /** Forgets what was verified: the keys have changed. */
  forget(): void;
}

const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const skewSeconds = 60;
/** With the keys' own age this is within the five minutes in which a removed key is gone. */
const rememberedMs = 60_000;
const rememberedMax = 10_000;

interface Verified {
  readonly identity: Identity;
  readonly until: number;
}

export function createJwtVerifier(
  { issuer, audience }: JwtSettings,
  keys: JWTVerifyGetKey,
  now: () => number = Date.now,
): JwtVerifier {
  /** By the token's hash, the oldest first. */
  const verified = new Map<string, Verified>();

  function remember(token: string, identity: Identity): void {
    const [oldest] = verified.keys();
    if (verified.size >= rememberedMax && oldest !== undefined) verified.delete(oldest);
    verified.set(hashOf(token), { identity, until: Math.min(now() + rememberedMs, identity.expires) });
  }

  return {
    known(token) {
      const found = verified.get(hashOf(token));
      if (found === undefined || found.until > now()) return found?.identity;
      verified.delete(hashOf(token));
      return undefined;
    },
    async verify(token) {
      const terms = {
        issuer,
        audience,
        algorithms,
        clockTolerance: skewSeconds,
        requiredClaims: ['exp', 'sub'],
        currentDate: new Date(now()),
      };
      const payload = await jwtVerify(token, keys, terms).then(
        (result) => result.payload,
        (error: unknown) => {
          if (isOfToken(error)) return null;
          throw new Failure('keysUnavailable', 'The keys of tokens cannot be had. Try again.', { cause: error });
        },
      );
      const identity = payload === null ? null : identityOf(payload);
      if (identity !== null) remember(token, identity);
      return identity;
    },
    forget: () => verified.clear(),
  };
}

/** Three parts of base64url, as JSON begins. */
export function looksLikeJwt(text: string): boolean {
  return /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(text);
}

/** Errors of jose say by a code what is wrong; those that are no fault of the token are of its way to the keys. */
const keyFaults = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

function isOfToken(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return error.code.startsWith('ERR_J') && !keyFaults.has(error.code);
}

/** What its claims allow; null where they are not what they have to be. */
function identityOf({ iss = '', sub, exp, sluice }: JWTPayload): Identity | null {
  if (typeof sub !== 'string' || typeof exp !== 'number' || !isRecord(sluice)) return null;
  const rights = new Set<Right>(rightNames.filter((right) => sluice[right] === true));
  const forced = 'filter' in sluice ? readForcedFilter(sluice['filter']) : null;
  if (forced !== null && !forced.ok) return null;
  const filters = forced === null ? [] : [forced.value];
  const sealed = JSON.stringify([iss, sub, ...filters.map(meaningOf)]);
  return {
    seal: `jwt:${hashOf(sealed)}`,
    name: sub,
    rights,
    forced: filters,
    label: null,
    limits: noLimits,
    expires: (exp + skewSeconds) * 1000,
  };
}

function meaningOf(filter: Filter): unknown {
  return [filterKey([filter]), filter.occurred.since, filter.occurred.until];
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
