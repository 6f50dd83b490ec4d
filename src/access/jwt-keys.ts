/**
 * The keys that JWTs are verified with: of a URL, asked again when a key is unknown or the answer is old, or of a file,
 * read again when it has changed.
 */
import { readFileSync, statSync } from 'node:fs';
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

export interface JwtKeys {
  readonly get: JWTVerifyGetKey;
  close(): void;
}

/** An unknown key id causes one question in this time, whoever asks. */
const cooldownMs = 30_000;
/** Verified tokens are remembered for another minute: a key that was withdrawn opens for five at most. */
const ageMsMax = 4 * 60_000;
const answerMs = 5_000;
const lookMs = 250;

/** `changed` is called when a file's keys are other ones. Throws StartRefused for a file that holds no keys. */
export function openJwtKeys(place: string, changed: () => void, log: Log): JwtKeys {
  if (/^https?:\/\//.test(place)) {
    const options = { cooldownDuration: cooldownMs, cacheMaxAge: ageMsMax, timeoutDuration: answerMs };
    return { get: createRemoteJWKSet(new URL(place), options), close: () => undefined };
  }
  let keys = readKeys(place);
  let stamp = stampOf(place);
  const timer = setInterval(() => {
    const seen = stampOf(place);
    if (seen === stamp) return;
    stamp = seen;
    try {
      keys = readKeys(place);
      changed();
      log.info({ file: place }, 'the keys of JWTs were read again');
    } catch (error) {
      log.error({ err: error }, 'The keys of JWTs cannot be read; those known before hold');
    }
  }, lookMs).unref();
  return { get: (header, token) => keys(header, token), close: () => clearInterval(timer) };
}

function readKeys(path: string): JWTVerifyGetKey {
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as JSONWebKeySet; // jose checks its form
    return createLocalJWKSet(content);
  } catch (cause) {
    throw new StartRefused(`SLUICE_JWKS names ${path}, which holds no JSON Web Key Set.`, { cause });
  }
}

function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`;
}
