/**
 * A token that Sluice makes: `sluice_<id>_<secret>`. The id names it in lists and says which hash to compare with; the
 * secret is 256 random bits, so a plain hash of the whole is enough at rest.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const form = /^sluice_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

export function makeToken(): { readonly id: string; readonly token: string } {
  const id = randomBytes(6).toString('hex');
  return { id, token: `sluice_${id}_${randomBytes(32).toString('base64url')}` };
}

/** The id in a text of the form of a token; null for any other text. */
export function idOfToken(text: string): string | null {
  return form.exec(text)?.[1] ?? null;
}

/** SHA-256, 64 hex digits. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

const nobody = Buffer.alloc(32);

/** Compares hashes in constant time; with a null hash it takes as long, and says no. */
export function isTokenOf(token: string, hash: string | null): boolean {
  const given = createHash('sha256').update(token).digest();
  const expected = hash === null ? nobody : Buffer.from(hash, 'hex');
  return timingSafeEqual(given, expected.length === 32 ? expected : nobody) && hash !== null;
}
