/** Page tokens as laws: what is sealed comes back, and nothing else does (I7). */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { openKeys } from '../../src/base/keys.ts';
import { completeFilter } from '../../src/filter/validate-filter.ts';
import { openToken, type PageState, sealToken } from '../../src/query/page-token.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-token-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const keys = openKeys(directory);

const filter = completeFilter({
  occurred: { since: '2026-11-16T00:00:00Z', until: '2026-11-18T00:00:00.000001Z' },
  event: { prefix: [], excludePrefix: [], name: ['é "quoted"'], excludeName: [] },
  resource: { id: [], idPrefix: [], labels: { a: ['!x*'] }, distinct: false },
  order: 'DESC',
});
const state: PageState = {
  filter,
  limit: 50,
  total: 1234,
  remaining: 1184,
  checkpoint: 1_840_000_000_000_000,
  after: { occurred: '2026-11-16 00:00:00.000000', id: '01234567-89ab-cdef-0123-456789abcdef' },
};
const token = sealToken(keys, '', state);

function expectForbidden(forged: string): void {
  try {
    openToken(keys, '', forged);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({ failure: 'forbidden' });
    return;
  }
  expect.unreachable(`${forged} was taken`);
}

test('a sealed state comes back as it was', () => {
  const arbitraryText = fc.array(fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(arbitraryText, fc.nat(), fc.nat(), fc.boolean(), (name, total, remaining, isFirst) => {
      const any = { ...state, filter: { ...filter, event: { ...filter.event, name } }, total, remaining };
      const sealed = { ...any, after: isFirst ? null : any.after };
      expect(openToken(keys, '', sealToken(keys, '', sealed))).toEqual(sealed);
    }),
    { numRuns: 100 },
  );
});

test('a token can stand in a URL as it is', () => {
  expect(token).toMatch(/^[\w.-]+$/);
  expect(encodeURIComponent(token)).toBe(token);
});

test('a filter of 50 ids fits the 4 kB of a request head', () => {
  const id = Array.from({ length: 50 }, () => crypto.randomUUID());
  expect(sealToken(keys, '', { ...state, filter: { ...filter, id } }).length).toBeLessThan(3000);
});

test('any altered character is forbidden', () => {
  for (let at = 0; at < token.length; at += 1) {
    for (const other of ['A', 'B', '_', '.', ' ', '%', '\u00e9']) {
      if (token[at] !== other) expectForbidden(token.slice(0, at) + other + token.slice(at + 1));
    }
  }
});

test('any cut, lengthened or foreign text is forbidden', () => {
  for (let at = 0; at < token.length; at += 1) expectForbidden(token.slice(0, at));
  for (const forged of ['', '.', '..', 'null', '{}', 'e30=', `${token}=`, `${token}.`, `.${token}`, ` ${token}`]) {
    expectForbidden(forged);
  }
  fc.assert(fc.property(fc.string(), fc.string(), (text, signature) => expectForbidden(`${text}.${signature}`)));
  fc.assert(fc.property(fc.base64String(), (text) => expectForbidden(text)));
});

test('a token of other keys is forbidden, of a shared secret it is taken', () => {
  const [one, two, other] = ['a shared secret 1', 'a shared secret 1', 'a shared secret 2'].map((secret) =>
    openKeys(directory, secret),
  );
  if (!one || !two || !other) throw new Error('three keys were made');
  expectForbidden(sealToken(one, '', state));
  expect(openToken(two, '', sealToken(one, '', state))).toEqual(state);
  expect(() => openToken(other, '', sealToken(one, '', state))).toThrow(Failure);
});

test('a token of another version is forbidden', () => {
  expectForbidden(sealToken(keys, '', { ...state, ...{ version: 2 } }));
});

test('tokens that were given out before large filters were kept elsewhere are still good', () => {
  const fixture = new URL('../fixtures/page-tokens.json', import.meta.url);
  const { secret, tokens } = JSON.parse(readFileSync(fixture, 'utf8')) as {
    secret: string;
    tokens: { token: string; state: PageState }[];
  };
  const then = openKeys(directory, secret);
  for (const { token: old, state: sealed } of tokens) {
    expect(openToken(then, '', old)).toEqual(sealed);
    // Small ones are sealed as they were, to the byte: the version before this one can open them.
    expect(sealToken(then, '', sealed)).toBe(old);
  }
  expect(tokens).toHaveLength(4);
});
