/**
 * A made token: only its very text holds, and its record gives back what was written.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOfToken, idOfToken, isTokenOf, makeToken } from '../../src/access/made-token.ts';
import { readRecord } from '../../src/access/token-record.ts';

test('a token names its id, and is the only text of its hash', () => {
  const { id, token } = makeToken();
  expect(idOfToken(token)).toBe(id);
  expect(isTokenOf(token, hashOfToken(token))).toBe(true);
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom('a', 'B', '0', '_', ''), (at, letter) => {
      const altered = `${token.slice(0, at)}${letter}${token.slice(at + 1)}`;
      fc.pre(altered !== token);
      expect(isTokenOf(altered, hashOfToken(token))).toBe(false);
    }),
  );
  expect(isTokenOf(token, null)).toBe(false);
  expect(isTokenOf(token, '')).toBe(false);
});

test('a token whose hash begins as that of another, by a byte, is not the other', () => {
  const hash = hashOfToken(makeToken().token);
  for (let found = 0; found < 50; ) {
    const { token } = makeToken();
    if (!hashOfToken(token).startsWith(hash.slice(0, 2))) continue;
    found += 1;
    expect(isTokenOf(token, hash)).toBe(false);
  }
});

test('two tokens never are the same, and any other text has no id', () => {
  const made = Array.from({ length: 100 }, makeToken);
  expect(new Set(made.map(({ token }) => token)).size).toBe(100);
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(idOfToken(text)).toBeNull();
    }),
  );
});

const record = {
  ...{ id: '0123456789ab', name: 'ci', hash: 'ff', rights: ['read'], filter: null, label: null },
  limits: { rate: 5, rateBytes: null, connections: null, queries: null },
  ...{ made: '2026-11-29T00:00:00.000Z', expires: null, revoked: null },
};

test('a record is read as it was written, and one with a field of another kind is none', () => {
  expect(readRecord(record)).toEqual(record);
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(record)), fc.constantFrom(7, true, [7], undefined), (name, wrong) => {
      expect([name, wrong, readRecord({ ...record, [name]: wrong })]).toEqual([name, wrong, null]);
    }),
  );
  for (const limits of [{ rate: 0 }, { rate: -1 }, { rate: '5' }, 5]) {
    expect(readRecord({ ...record, limits })).toBeNull();
  }
});
