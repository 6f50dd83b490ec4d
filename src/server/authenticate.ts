/**
 * Who may talk to us: the Authorization header of a request, and the first message of a WebSocket
 * (docs/prefect-facts.md, "The auth string", "The handshake of a WebSocket"). Secrets are compared by their hashes, in
 * constant time.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Farewell } from '../../actors/ports.ts';
import type { AuthMessage } from '../../schemas/wire.ts';
import { failures } from '../base/errors.ts';
import { readObject } from './read-message.ts';

export interface Authenticator {
  /** Without it, everybody is let in. */
  readonly isRequired: boolean;
  admitsHeader(authorization: string): boolean;
  readAuthMessage(bytes: Buffer, isBinary: boolean): AuthOutcome;
}

export type AuthOutcome =
  /** `rejects`: the producer wants bad messages named instead of its connection closed. */
  { readonly ok: true; readonly rejects: boolean } | { readonly ok: false; readonly farewell: Farewell };

/** What an auth message may have: it holds a token and little else. */
export const authMessageBytesMax = 64 * 1024;

/** How a peer ends whose first message is longer: it is not parsed. */
export const longAuthMessageFarewell = {
  code: failures.bodyTooLarge.code,
  reason: `The auth message is larger than ${authMessageBytesMax} bytes`,
};

export function createAuthenticator(authString: string | null): Authenticator {
  const expected = authString === null ? null : digest(authString);
  const expectedHeader = authString === null ? null : digest(Buffer.from(authString).toString('base64'));

  function admitsHeader(authorization: string): boolean {
    if (expectedHeader === null) return true;
    return authorization.startsWith('Basic ') && isSame(authorization.slice('Basic '.length).trim(), expectedHeader);
  }

  function readAuthMessage(bytes: Buffer, isBinary: boolean): AuthOutcome {
    if (bytes.length > authMessageBytesMax) return { ok: false, farewell: longAuthMessageFarewell };
    const message = readObject<AuthMessage>(bytes, isBinary);
    if (message === null) return brokenOff;
    if (message.type !== 'auth') return refused("Expected 'auth' message");
    if (expected !== null) {
      if (isEmpty(message.token)) return refused('Auth required but no token provided');
      if (typeof message.token !== 'string') return brokenOff;
      if (!isSame(message.token, expected)) return refused('Invalid token');
    }
    return { ok: true, rejects: message.rejects === true };
  }

  return { isRequired: authString !== null, admitsHeader, readAuthMessage };
}

const brokenOff: AuthOutcome = { ok: false, farewell: null };

function refused(reason: string): AuthOutcome {
  return { ok: false, farewell: { code: failures.unauthorized.code, reason } };
}

/** False in Python: no token at all. */
function isEmpty(token: unknown): boolean {
  return token === undefined || token === null || token === '' || token === false || token === 0;
}

function isSame(given: string, expected: Buffer): boolean {
  return timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
