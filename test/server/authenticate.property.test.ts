/**
 * Only the secret itself lets in: neither what looks like it, nor what shares a part of its hash with it.
 */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCredentials } from '../../src/access/credentials.ts';
import { everything } from '../../src/access/identity.ts';
import { createAuthenticator } from '../../src/server/authenticate.ts';

const secret = 'user:correct horse é';
const { isRequired, identify, readAuthMessage } = createAuthenticator(
  createCredentials({ authString: secret, book: null, jwt: null }),
);

function admitsHeader(authorization: string): boolean {
  return identify(authorization) === everything;
}

function header(token: string): string {
  return `Basic ${Buffer.from(token).toString('base64')}`;
}

function message(token: unknown): boolean {
  const outcome = readAuthMessage(Buffer.from(JSON.stringify({ type: 'auth', token })), false);
  if (outcome instanceof Promise) throw new Error('a secret is judged at once');
  return outcome.ok;
}

function near(text: string): string[] {
  const letters = [...text];
  const cut = letters.map((_, at) => letters.filter((_, other) => other !== at).join(''));
  const changed = letters.map((letter, at) => letters.with(at, letter === 'x' ? 'y' : 'x').join(''));
  return [...cut, ...changed, `${text} `, ` ${text}`, text.toUpperCase(), `${text}\0`, `${text}${text}`];
}

/** A few hundred wrong secrets whose hashes begin as that of a text does, by a byte: among so many each byte is met. */
function sharingFirstByte(text: string, count: number): string[] {
  const first = (of: string): number | undefined => createHash('sha256').update(of).digest()[0];
  const found: string[] = [];
  for (let nth = 0; found.length < count; nth += 1) {
    const guess = `wrong ${nth}`;
    if (first(guess) === first(text)) found.push(guess);
  }
  return found;
}

describe('a secret', () => {
  test('lets in who knows it', () => {
    expect(isRequired).toBe(true);
    expect(admitsHeader(header(secret))).toBe(true);
    expect(message(secret)).toBe(true);
  });

  test('keeps out whoever sends anything else, of any length and shape', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (wrong) => {
        fc.pre(wrong !== secret);
        expect(admitsHeader(header(wrong))).toBe(false);
        expect(admitsHeader(wrong)).toBe(false);
        expect(message(wrong)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  test('keeps out what is nearly it', () => {
    for (const wrong of near(secret)) expect([wrong, message(wrong)]).toEqual([wrong, false]);
    const base64 = Buffer.from(secret).toString('base64');
    // White space around it is no part of a header's value.
    for (const wrong of near(base64).filter((text) => text.trim() !== base64)) {
      expect([wrong, admitsHeader(`Basic ${wrong}`)]).toEqual([wrong, false]);
    }
    for (const wrong of [base64, `Bearer ${base64}`, `basic ${base64}`, secret, '']) {
      expect([wrong, admitsHeader(wrong)]).toEqual([wrong, false]);
    }
  });

  test('keeps out what has a hash like it', () => {
    for (const wrong of sharingFirstByte(secret, 200)) expect([wrong, message(wrong)]).toEqual([wrong, false]);
    for (const wrong of sharingFirstByte(Buffer.from(secret).toString('base64'), 200)) {
      expect([wrong, admitsHeader(`Basic ${wrong}`)]).toEqual([wrong, false]);
    }
  });
});
