/**
 * JWTs: those of our issuer, for us, signed by a key that it published, within their time; and no other.
 */
import { createLocalJWKSet, exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createJwtVerifier, type JwtVerifier, looksLikeJwt } from '../../src/access/jwt.ts';

const terms = { issuer: 'https://id.example', audience: 'sluice' };
let now = Date.parse('2026-11-29T12:00:00Z');
const seconds = (): number => Math.floor(now / 1000);
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let [ours, others]: Pair[] = [];
let published: JSONWebKeySet;
let verifier: JwtVerifier;

beforeAll(async () => {
  [ours, others] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  published = { keys: [{ ...(await exportJWK(ours!.publicKey)), kid: 'one', alg: 'ES256' }] };
  verifier = createJwtVerifier(terms, createLocalJWKSet(published), () => now);
});

interface Made {
  readonly claims?: JWTPayload;
  readonly key?: Pair;
  readonly kid?: string;
  readonly without?: string;
}

function make({ claims = {}, key = ours!, kid = 'one', without = '' }: Made = {}): Promise<string> {
  const payload: JWTPayload = {
    ...{ iss: terms.issuer, aud: terms.audience, sub: 'anna', exp: seconds() + 600 },
    ...{ sluice: { read: true } },
    ...claims,
  };
  delete payload[without];
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid }).sign(key.privateKey);
}

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a JWT', () => {
  it('gives the rights of its claims, and is remembered', async () => {
    const token = await make({ claims: { sluice: { read: true, write: 1, admin: true } } });
    expect(verifier.known(token)).toBeUndefined();
    const identity = await verifier.verify(token);
    expect(identity).toMatchObject({ name: 'anna', rights: new Set(['read', 'admin']), forced: [] });
    expect(verifier.known(token)).toBe(identity);
    verifier.forget();
    expect(verifier.known(token)).toBeUndefined();
  });

  it.each<[string, Made]>([
    ['of another issuer', { claims: { iss: 'https://other.example' } }],
    ['for another audience', { claims: { aud: 'other' } }],
    ['that has expired', { claims: { exp: Math.floor(Date.parse('2026-11-29T12:00:00Z') / 1000) - 61 } }],
    ['that never expires', { without: 'exp' }],
    ['that is of nobody', { without: 'sub' }],
    ['that does not hold yet', { claims: { nbf: Math.floor(Date.parse('2026-11-29T12:00:00Z') / 1000) + 120 } }],
    ['without our claim', { without: 'sluice' }],
    ['with a claim that is no object', { claims: { sluice: 'read' } }],
    ['with a filter that is null', { claims: { sluice: { read: true, filter: null } } }],
    ['with a filter that is none', { claims: { sluice: { read: true, filter: { event: 7 } } } }],
    ['with an order in its filter', { claims: { sluice: { read: true, filter: { order: 'ASC' } } } }],
    ['with a key that was not published', { kid: 'two' }],
  ])('%s is refused', async (_, made) => {
    expect(await verifier.verify(await make(made))).toBeNull();
  });

  it('that somebody else signed is refused', async () => {
    expect(await verifier.verify(await make({ key: others! }))).toBeNull();
  });

  it('without a signature, or signed with the public key as a secret, is refused', async () => {
    const [, payload = ''] = (await make()).split('.');
    expect(await verifier.verify(`${base64({ alg: 'none' })}.${payload}.`)).toBeNull();
    const secret = new TextEncoder().encode(JSON.stringify(published.keys[0]));
    const confused = await new SignJWT({ sub: 'anna', sluice: { read: true }, exp: seconds() + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(secret);
    expect(await verifier.verify(confused)).toBeNull();
  });

  it('holds a minute longer, for clocks differ, and no longer than that', async () => {
    const token = await make({ claims: { exp: seconds() + 10 } });
    now += 65_000;
    expect(await verifier.verify(token)).not.toBeNull();
    now += 6_000;
    expect([verifier.known(token), await verifier.verify(token)]).toEqual([undefined, null]);
  });

  it('is sealed to issuer, subject and filter: a refreshed one goes on, one with another filter does not', async () => {
    const sealOf = async (claims: JWTPayload) => (await verifier.verify(await make({ claims })))?.seal;
    const filter = { event: { name: ['a', 'b'] } };
    const one = await sealOf({ sluice: { read: true, filter } });
    const refreshed = { exp: seconds() + 900, sluice: { read: true, write: true, filter } };
    expect(await sealOf(refreshed)).toBe(one);
    const seals = [
      one,
      await sealOf({ sluice: { read: true } }),
      await sealOf({ sluice: { read: true, filter: { event: { name: ['a'] } } } }),
      await sealOf({ sluice: { read: true, filter: { ...filter, occurred: { since: '2026-01-01T00:00:00Z' } } } }),
      await sealOf({ sub: 'berta', sluice: { read: true, filter } }),
    ];
    expect(new Set(seals).size).toBe(seals.length);
  });

  it('looks like one', async () => {
    expect(looksLikeJwt(await make())).toBe(true);
    for (const text of ['', 'a.b.c', 'sluice_0123456789ab_x', 'user:pass', 'eyJ'])
      expect(looksLikeJwt(text)).toBe(false);
  });
});
