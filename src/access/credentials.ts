/**
 * All credentials of a server: the auth string, made tokens and JWTs. Whoever has none of them is nobody, unless the
 * server has no credential at all: then everybody may do everything, as with a Prefect server without an auth string.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { lookOften } from '../base/look-often.ts';
import { everything, type Identity } from './identity.ts';
import { type JwtVerifier, looksLikeJwt } from './jwt.ts';
import type { TokenBook } from './token-book.ts';

export interface Credentials {
  /** Nobody is let in without a credential. */
  readonly isRequired: boolean;
  /** There is more than an auth string: a server that is not meant for any web page. */
  readonly hasTokens: boolean;
  /**
   * Null for a text that is none of them. At once where that is possible; else it may reject with Failure
   * `keysUnavailable`. The auth string holds as `any` only.
   */
  identify(secret: string, as: 'any' | 'token'): Identity | null | Promise<Identity | null>;
  /** Whose made token this was that has ended; null for any other text. */
  findEnded(secret: string): Identity | null;
  hasEnded(identity: Identity): boolean;
  /** Calls when somebody may have ended, or the server has been closed to those without a credential. */
  onChange(listener: () => void): () => void;
}

export interface CredentialParts {
  readonly authString: string | null;
  readonly book: Pick<TokenBook, 'isUsed' | 'find' | 'findEnded' | 'hasEnded' | 'onChange'> | null;
  readonly jwt: Pick<JwtVerifier, 'known' | 'verify'> | null;
  readonly now?: () => number;
}

export function createCredentials({ authString, book, jwt, now = Date.now }: CredentialParts): Credentials {
  const expected = authString === null ? null : digest(authString);
  return {
    get isRequired() {
      return expected !== null || this.hasTokens;
    },
    get hasTokens() {
      return jwt !== null || book?.isUsed === true;
    },
    identify(secret, as) {
      if (!this.isRequired) return everything;
      if (as === 'any' && expected !== null && timingSafeEqual(digest(secret), expected)) return everything;
      const found = book?.find(secret) ?? null;
      if (found !== null || jwt === null || !looksLikeJwt(secret)) return found;
      return jwt.known(secret) ?? jwt.verify(secret);
    },
    findEnded: (secret) => book?.findEnded(secret) ?? null,
    hasEnded(identity) {
      if (identity.expires <= now()) return true;
      if (identity === everything) return expected === null && this.hasTokens;
      return identity.seal.startsWith('token:') && book?.hasEnded(identity) === true;
    },
    onChange(listener) {
      const forget = book?.onChange(listener);
      // JWTs end by their own time, which no file tells.
      const rest = jwt === null ? undefined : lookOften(listener);
      return () => {
        forget?.();
        rest?.();
      };
    },
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
