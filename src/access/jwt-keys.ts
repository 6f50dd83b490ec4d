/**
 * The keys that JWTs are verified with: of a URL, asked again when a key is unknown or the answer is old, or of a file,
 * read again when it has changed.
 */
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { noteFile } from '../base/watch-file.ts';

export interface JwtKeys {
  readonly get: JWTVerifyGetKey;
  close(): void;
}

/** An unknown key id causes one question in this time, whoever asks. */
const cooldownMs = 30_000;
/** Verified tokens are remembered for another minute: a key that was withdrawn opens for five at most. */
const ageMsMax = 4 * 60_000;
const answerMs = 5_000;

/** `changed` is called when a file's keys are other ones. Throws StartRefused for a file that holds no keys. */
export function openJwtKeys(place: string, changed: () => void, log: Log): JwtKeys {
  if (/^https?:\/\//.test(place)) {
    const options = { cooldownDuration: cooldownMs, cacheMaxAge: ageMsMax, timeoutDuration: answerMs };
    return { get: createRemoteJWKSet(new URL(place), options), close: () => undefined };
  }
  const file = noteFile(place);
  let keys = readKeys(place);
  const close = file.watch(() => {
    try {
      keys = readKeys(place);
      changed();
      log.info({ file: place }, 'the keys of JWTs were read again');
    } catch (error) {
      log.error({ err: error }, 'The keys of JWTs cannot be read; those known before hold');
    }
  });
  return { get: (header, token) => keys(header, token), close };
}

function readKeys(path: string): JWTVerifyGetKey {
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as JSONWebKeySet; // jose checks its form
    return createLocalJWKSet(content);
  } catch (cause) {
    throw new StartRefused(`SLUICE_JWKS names ${path}, which holds no JSON Web Key Set.`, { cause });
  }
}
