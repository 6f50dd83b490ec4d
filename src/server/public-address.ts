/**
 * What links in answers begin with: the public URL of the settings, else what trusted proxies say, else the request's
 * own host.
 */
import { addressOfBytes, type IpNetwork, isWithin, parseNetworks } from '../base/ip-networks.ts';
import { readHost } from '../base/public-url.ts';
import { type ForwardedHeaders, readForwarded } from './forwarded.ts';
import type { HttpRequest, HttpResponse } from './uws.ts';

/**
 * `https://host:port/prefix`, without a slash at its end; without a host that can be told, the prefix alone. Of a
 * request that its handler still has.
 */
export type ReadAddress = (
  request: Pick<HttpRequest, 'getHeader' | 'forEach'>,
  response: Pick<HttpResponse, 'getRemoteAddress'>,
) => string;

export interface AddressOptions {
  /** As `readPublicUrl` gives it. */
  readonly publicUrl: string | null;
  /** As `parseNetworks` takes it. */
  readonly trustedProxies: string;
}

const names: Readonly<Record<string, keyof ForwardedHeaders>> = {
  forwarded: 'forwarded',
  'x-forwarded-for': 'xFor',
  'x-forwarded-proto': 'xProto',
  'x-forwarded-host': 'xHost',
  'x-forwarded-prefix': 'xPrefix',
};

export function addressReader({ publicUrl, trustedProxies }: AddressOptions): ReadAddress {
  if (publicUrl !== null) return () => publicUrl;
  const trusted = parseNetworks(trustedProxies) ?? [];
  return (request, response) => {
    const { scheme, host, prefix } = isFromProxy(response, trusted)
      ? readForwarded(headersOf(request), trusted)
      : { scheme: null, host: null, prefix: '' };
    const known = host ?? readHost(request.getHeader('host'));
    return known === null ? prefix : `${scheme ?? 'http'}://${known}${prefix}`;
  };
}

function isFromProxy(response: Pick<HttpResponse, 'getRemoteAddress'>, trusted: readonly IpNetwork[]): boolean {
  if (trusted.length === 0) return false;
  const address = addressOfBytes(new Uint8Array(response.getRemoteAddress()));
  return address !== null && isWithin(trusted, address);
}

/** A header may come in several lines, of which `getHeader` gives one. */
function headersOf(request: Pick<HttpRequest, 'forEach'>): ForwardedHeaders {
  const found = { forwarded: '', xFor: '', xProto: '', xHost: '', xPrefix: '' };
  request.forEach((header, value) => {
    const name = names[header];
    if (name !== undefined) found[name] = found[name] === '' ? value : `${found[name]},${value}`;
  });
  return found;
}
