/** Addresses and networks as laws: what Node's own list says of the same networks, and IPv4 wherever it stands. */
import { BlockList, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressOfBytes, isWithin, parseAddress, parseNetworks } from '../../src/base/ip-networks.ts';

/** Few different bits, so that addresses often lie within networks. */
const v4 = fc.tuple(fc.constantFrom(10, 11), fc.nat(255), fc.nat(3), fc.nat(255)).map((bytes) => bytes.join('.'));
const v6 = fc
  .tuple(fc.constantFrom('fd00', '2001'), fc.constantFrom('0', 'db8'), fc.nat(3), fc.nat(0xffff))
  .map(([one, two, three, last]) => `${one}:${two}::${three}:${last.toString(16)}`);
const network = fc.oneof(fc.tuple(v4, fc.integer({ min: 0, max: 32 })), fc.tuple(v6, fc.integer({ min: 0, max: 128 })));

test('an address is within the networks that Node finds it in', () => {
  fc.assert(
    fc.property(fc.array(network, { minLength: 1, maxLength: 4 }), fc.oneof(v4, v6), (nets, address) => {
      const list = new BlockList();
      for (const [net, bits] of nets) list.addSubnet(net, bits, isIPv4(net) ? 'ipv4' : 'ipv6');
      const networks = parseNetworks(nets.map(([net, bits]) => `${net}/${bits}`).join(', '));
      // A network of IPv6 that holds all mapped addresses holds IPv4; Node tells the versions apart.
      fc.pre(isIPv4(address) || nets.every(([net]) => !isIPv4(net)));
      fc.pre(!isIPv4(address) || nets.every(([net]) => isIPv4(net)));
      expect(isWithin(networks ?? [], parseAddress(address) ?? new Uint8Array())).toBe(
        list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6'),
      );
    }),
  );
});

test('an IPv4 address is the same in each of its spellings and as the bytes of a socket', () => {
  fc.assert(
    fc.property(v4, (address) => {
      const bytes = address.split('.').map(Number);
      const hex = (high = 0, low = 0) => ((high << 8) | low).toString(16);
      const groups = `${hex(bytes[0], bytes[1])}:${hex(bytes[2], bytes[3])}`;
      for (const spelling of [`::ffff:${address}`, `::FFFF:${groups}`, `0:0:0:0:0:ffff:${groups}`]) {
        expect(parseAddress(spelling), spelling).toEqual(parseAddress(address));
      }
      expect(addressOfBytes(Uint8Array.from(bytes))).toEqual(parseAddress(address));
      expect(isWithin(parseNetworks('::ffff:10.0.0.0/104, 11.0.0.0/8') ?? [], parseAddress(address)!)).toBe(true);
    }),
  );
});

test('what is no list of networks is refused, and none is no network', () => {
  for (const text of [
    '',
    ' ',
    ',',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0',
    'fe80::1%lo',
    '10.0.0.1:80',
    'none, ::1',
  ]) {
    expect(parseNetworks(text), text).toBeNull();
  }
  expect(parseNetworks('none')).toEqual([]);
  expect(parseNetworks('127.0.0.0/8, ::1')).toHaveLength(2);
});
