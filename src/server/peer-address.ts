/**
 * Where a peer is: the address of its connection, and behind a trusted proxy the one that the proxy was asked from.
 */
import { SocketAddress } from 'node:net';
import type { PeerAddress } from '../access/audit-facts.ts';
import { addressOfBytes, type IpNetwork, isWithin, parseNetworks } from '../base/ip-networks.ts';
import { type ForwardedHeaders, readClient } from './forwarded.ts';

/** Who has a connection with us. */
export interface Peer {
  /** Four bytes or sixteen; none where it has none, or has gone. */
  remote(): Uint8Array;
  /** What proxies said. */
  readonly forwarded: ForwardedHeaders | null;
}

export type ReadPeer = (peer: Peer) => PeerAddress;

/** `trustedProxies` as `parseNetworks` takes it. */
export function peerReader(trustedProxies: string): ReadPeer {
  const trusted: readonly IpNetwork[] = parseNetworks(trustedProxies) ?? [];
  return (peer) => {
    const { forwarded } = peer;
    const bytes = addressOfBytes(peer.remote());
    if (bytes === null) return { address: 'unknown' };
    const address = textOf(bytes);
    const client = forwarded !== null && isWithin(trusted, bytes) ? readClient(forwarded, trusted) : null;
    return client === null ? { address } : { address: textOf(client), via: address };
  };
}

/** As people write it: an IPv4 address within IPv6 in its own form. */
export function textOf(bytes: Uint8Array): string {
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
