/**
 * Addresses and networks (CIDR), IPv4 and IPv6 alike: an IPv4 address is the same one as its form within IPv6
 * (`::ffff:10.0.0.1`).
 */
import { isIPv4, isIPv6 } from 'node:net';

export interface IpNetwork {
  /** Sixteen, whatever the version. */
  readonly bytes: Uint8Array;
  readonly bits: number;
}

const mappedBits = 96;

/** Networks by commas or white space; `none` is none of them. Null for anything that is no such list. */
export function parseNetworks(text: string): IpNetwork[] | null {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length === 1 && words[0] === 'none') return [];
  const networks = words.map(parseNetwork);
  return words.length === 0 || networks.includes(null) ? null : networks.filter((one) => one !== null);
}

export function isWithin(networks: readonly IpNetwork[], address: Uint8Array): boolean {
  return networks.some((network) => hasAddress(network, address));
}

/** As it stands, without a port or brackets. Null for what is no address. */
export function parseAddress(text: string): Uint8Array | null {
  if (isIPv4(text)) return mapped(text.split('.').map(Number));
  // A zone names one of the host's own interfaces, which no network does.
  if (!isIPv6(text) || text.includes('%')) return null;
  const lastColon = text.lastIndexOf(':');
  const tail = text.slice(lastColon + 1);
  const groups = isIPv4(tail) ? `${text.slice(0, lastColon + 1)}${groupsOf(tail)}` : text;
  const [before = '', after] = groups.split('::');
  const first = wordsOf(before);
  const last = wordsOf(after ?? '');
  const gap = new Array<number>(8 - first.length - last.length).fill(0);
  return Uint8Array.from([...first, ...gap, ...last].flatMap((word) => [word >> 8, word & 0xff]));
}

/** Of what a socket gives: four bytes or sixteen. Null where it has none, as a Unix socket. */
export function addressOfBytes(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length === 16) return bytes;
  return bytes.length === 4 ? mapped([...bytes]) : null;
}

function parseNetwork(word: string): IpNetwork | null {
  const [address = '', length, ...rest] = word.split('/');
  const bytes = parseAddress(address);
  if (bytes === null || rest.length > 0) return null;
  const least = isIPv4(address) ? mappedBits : 0;
  if (length === undefined) return { bytes, bits: 128 };
  if (!/^\d{1,3}$/.test(length) || Number(length) > 128 - least) return null;
  return { bytes, bits: least + Number(length) };
}

function hasAddress({ bytes, bits }: IpNetwork, address: Uint8Array): boolean {
  const whole = bits >> 3;
  for (let at = 0; at < whole; at += 1) if (bytes[at] !== address[at]) return false;
  const rest = 8 - (bits & 7);
  return rest === 8 || (bytes[whole] ?? 0) >> rest === (address[whole] ?? 0) >> rest;
}

function mapped(four: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...four]);
}

function groupsOf(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function wordsOf(groups: string): number[] {
  return groups === '' ? [] : groups.split(':').map((group) => Number.parseInt(group, 16));
}
