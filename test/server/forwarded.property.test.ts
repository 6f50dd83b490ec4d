/**
 * What proxies say, as laws over lists of hops: what the outermost trusted one saw is believed, whatever clients put
 * before it.
 */
import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress, parseNetworks } from '../../src/base/ip-networks.ts';
import { type ForwardedHeaders, readForwarded } from '../../src/server/forwarded.ts';
import { readFields } from '../../src/server/head-fields.ts';
import { peerReader } from '../../src/server/peer-address.ts';
import { addressReader } from '../../src/server/public-address.ts';

const networks = '10.0.0.0/8, fd00::/16';
const trusted = parseNetworks(networks) ?? [];

interface Hop {
  /** Of who connected to this proxy. */
  readonly from: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly prefix: string;
}

const inside = fc.oneof(
  fc.nat(255).map((last) => `10.1.2.${last}`),
  fc.nat(0xffff).map((last) => `fd00::${last.toString(16)}`),
);
const outside = fc.oneof(
  fc.nat(255).map((last) => `192.0.2.${last}`),
  fc.nat(0xffff).map((last) => `2001:db8::${last.toString(16)}`),
);
const seen = fc.record({
  scheme: fc.constantFrom('http' as const, 'https' as const),
  host: fc.constantFrom('a.example', 'b.example:8443', '[2001:db8::1]:443', '192.0.2.7'),
  prefix: fc.constantFrom('/a', '/b/c', '/d-e_f'),
});
/** Trusted proxies from the outermost one to the one that is connected to us; who came to the first is not trusted. */
const chain = fc
  .tuple(outside, fc.array(inside, { maxLength: 4 }), fc.array(seen, { minLength: 5, maxLength: 5 }))
  .map(([client, between, seens]) => [client, ...between].map((from, at): Hop => ({ from, ...seens[at]! })));
/** What a client may send under these names, commas, quotes and addresses that look trusted among it. */
const forged = fc.oneof(
  fc.constant(''),
  fc.constantFrom(
    '10.1.2.3',
    'for=10.1.2.3;proto=http;host=evil',
    'for="',
    '"',
    'for="a\\',
    ',',
    '10.1.2.3, 10.1.2.4',
    'https,http',
  ),
  fc.string(),
);

function node(address: string): string {
  return address.includes(':') ? `"[${address}]:4711"` : address;
}

function headersOf(hops: readonly Hop[], before: Readonly<Record<keyof ForwardedHeaders, string>>): ForwardedHeaders {
  const list = (first: string, values: readonly string[]) => [...(first === '' ? [] : [first]), ...values].join(', ');
  return {
    forwarded: list(
      before.forwarded,
      hops.map(({ from, scheme, host }) => `for=${node(from)};proto=${scheme};host="${host}"`),
    ),
    xFor: list(
      before.xFor,
      hops.map(({ from }) => from),
    ),
    xProto: list(
      before.xProto,
      hops.map(({ scheme }) => scheme),
    ),
    xHost: list(
      before.xHost,
      hops.map(({ host }) => host),
    ),
    xPrefix: list(
      before.xPrefix,
      hops.map(({ prefix }) => prefix),
    ),
  };
}

const lies = fc.record({ forwarded: forged, xFor: forged, xProto: forged, xHost: forged, xPrefix: forged });
const none = { forwarded: '', xFor: '', xProto: '', xHost: '', xPrefix: '' };

describe('behind proxies that each add what they saw', () => {
  test('the outermost trusted one is believed, whatever stands before it', () => {
    fc.assert(
      fc.property(chain, lies, (hops, before) => {
        const { scheme, host, prefix } = hops[0]!;
        const all = headersOf(hops, before);
        expect(readForwarded({ ...all, forwarded: '' }, trusted)).toEqual({ scheme, host, prefix });
        expect(readForwarded({ ...none, forwarded: all.forwarded }, trusted)).toEqual({ scheme, host, prefix: '' });
      }),
      { numRuns: 500 },
    );
  });

  test('what proxies beyond one that is not trusted add is not believed', () => {
    fc.assert(
      fc.property(chain, chain, (far, near) => {
        const { scheme, host, prefix } = near[0]!;
        const all = headersOf([...far, ...near], none);
        expect(readForwarded(all, trusted)).toEqual({ scheme, host, prefix });
      }),
    );
  });

  test('Forwarded goes before the others', () => {
    fc.assert(
      fc.property(chain, chain, (one, other) => {
        const { forwarded } = headersOf(one, none);
        const { scheme, host } = one[0]!;
        expect(readForwarded({ ...headersOf(other, none), forwarded }, trusted)).toMatchObject({ scheme, host });
      }),
    );
  });

  test('one that replaces what came is believed, as nginx does with a single value', () => {
    fc.assert(
      fc.property(chain, seen, (hops, { scheme, host, prefix }) => {
        const xFor = hops.map(({ from }) => from).join(', ');
        const replaced = { forwarded: '', xFor, xProto: scheme, xHost: host, xPrefix: prefix };
        expect(readForwarded(replaced, trusted)).toEqual({ scheme, host, prefix });
      }),
    );
  });
});

const safe = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9_.-]*)(:\d{1,5})?(\/[\w.~!$&'()*+;=:@%-]+)*$/i;

/** The fields of a head with these lines. */
function fieldsOf(headers: Readonly<Record<string, string>>) {
  return readFields({
    forEach: (tell: (name: string, value: string) => void) => {
      for (const [name, value] of Object.entries(headers)) tell(name, value);
    },
  });
}

const peer = (...bytes: number[]) => ({ getRemoteAddress: () => Uint8Array.from(bytes).buffer });
const given = fc.record({
  forwarded: fc.oneof(
    fc.string(),
    fc.tuple(fc.string(), fc.string()).map(([a, b]) => `proto=${a};host="${b}"`),
  ),
  'x-forwarded-proto': fc.oneof(fc.string(), fc.constantFrom('HTTPS', 'javascript', 'https\r\nx: y')),
  'x-forwarded-host': fc.oneof(
    fc.string(),
    fc.constantFrom(
      'a\r\nset-cookie: b',
      'a"b',
      'user@a',
      'a/b',
      'a:0',
      'a:99999',
      '[::1',
      '[::g]',
      'a b',
      '-a',
      'x'.repeat(300),
    ),
  ),
  'x-forwarded-prefix': fc.oneof(
    fc.string(),
    fc.constantFrom('//evil', '/../a', '/a/./b', '/a\r\nb', '/a?b', '/a#b', '/%zz', 'a', '/a"', `/${'x'.repeat(300)}`),
  ),
});

describe('what links begin with', () => {
  test('is a plain URL or nothing at all, whatever the headers hold', () => {
    const read = addressReader({ publicUrl: null, trustedProxies: networks });
    fc.assert(
      fc.property(given, fc.oneof(fc.constant('h.example:1'), fc.string()), (headers, host) => {
        const address = read(fieldsOf({ ...headers, host }), peer(10, 0, 0, 1));
        if (host === 'h.example:1') expect(address).toMatch(safe);
        else if (address !== '' && !address.startsWith('/')) expect(address).toMatch(safe);
        expect(address).not.toMatch(/[\r\n"<>\s\\]/);
        expect(address).not.toContain('/..');
      }),
      { numRuns: 1000 },
    );
  });

  test('is not changed by the headers of a peer that is not trusted', () => {
    fc.assert(
      fc.property(chain, lies, fc.constantFrom('10.0.0.0/8', 'none', '::1'), (hops, before, trustedProxies) => {
        const { forwarded, xFor, xProto, xHost, xPrefix } = headersOf(hops, before);
        const x = { 'x-forwarded-for': xFor, 'x-forwarded-proto': xProto, 'x-forwarded-host': xHost };
        const headers = { host: 'h.example:1', forwarded, ...x, 'x-forwarded-prefix': xPrefix };
        const read = addressReader({ publicUrl: null, trustedProxies });
        for (const from of [peer(192, 0, 2, 1), peer(), peer(0x20, 1, ...new Array<number>(14).fill(0))]) {
          expect(read(fieldsOf(headers), from)).toBe('http://h.example:1');
        }
      }),
    );
  });

  test('is the public URL where one is set, whatever anybody says', () => {
    const publicUrl = 'https://events.example.org/sluice';
    const read = addressReader({ publicUrl, trustedProxies: networks });
    fc.assert(
      fc.property(given, (headers) => {
        expect(read(fieldsOf({ ...headers, host: 'h' }), peer(10, 0, 0, 1))).toBe(publicUrl);
      }),
    );
  });

  test('is the same by a mapped address of the peer', () => {
    const read = addressReader({ publicUrl: null, trustedProxies: networks });
    const mapped = peer(...new Array<number>(10).fill(0), 0xff, 0xff, 10, 9, 8, 7);
    const headers = { host: 'h', 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/s/' };
    expect(read(fieldsOf(headers), mapped)).toBe('https://h/s');
  });
});

describe('where a peer is', () => {
  const read = peerReader(networks);
  const at = (address: string, forwarded: ForwardedHeaders | null) =>
    read({ remote: () => (parseAddress(address) ?? new Uint8Array()).slice(), forwarded });
  const proxy = '10.9.8.7';
  /** As a URL has it. */
  const plain = (address: string): string =>
    address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

  test('is who asked the outermost trusted proxy, whatever stands before it, told by the one that is connected to us', () => {
    fc.assert(
      fc.property(chain, lies, (hops, before) => {
        const all = headersOf(hops, before);
        const wanted = { address: plain(hops[0]!.from), via: proxy };
        expect(at(proxy, { ...all, forwarded: '' })).toEqual(wanted);
        expect(at(proxy, { ...none, forwarded: all.forwarded })).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });

  test('is its own address if it is not trusted, or nobody says more, and is never a text that was sent', () => {
    fc.assert(
      fc.property(outside, inside, lies, (stranger, trustedOne, said) => {
        expect(at(stranger, said)).toEqual({ address: plain(stranger) });
        expect(at(trustedOne, null)).toEqual({ address: plain(trustedOne) });
        const { address, via = plain(trustedOne) } = at(trustedOne, said);
        expect([isIP(address) > 0, via]).toEqual([true, plain(trustedOne)]);
      }),
      { numRuns: 500 },
    );
    expect(read({ remote: () => new Uint8Array(), forwarded: null })).toEqual({ address: 'unknown' });
  });
});
