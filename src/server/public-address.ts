/**
 * What links in answers begin with: the public URL of the settings, else what trusted proxies say, else the request's
 * own host.
 */
import { addressOfBytes, type IpNetwork, isWithin, parseNetworks } from '../base/ip-networks.ts';
import { readHost } from '../base/public-url.ts';
import { type Outside, readForwarded } from './forwarded.ts';
import type { HeadFields } from './head-fields.ts';
import type { HttpResponse } from './uws.ts';

/**
 * `https://host:port/prefix`, without a slash at its end; without a host that can be told, the prefix alone. Of a
 * response that its handler still has.
 */
export type ReadAddress = (
  fields: Pick<HeadFields, 'values' | 'forwarded'>,
  response: Pick<HttpResponse, 'getRemoteAddress'>,
) => string;

export interface AddressOptions {
  /** As `readPublicUrl` gives it. */
  readonly publicUrl: string | null;
  /** As `parseNetworks` takes it. */
  readonly trustedProxies: string;
  /** Whether connections that come here have TLS. */
  readonly isSecure?: boolean;
}

export function addressReader({ publicUrl, trustedProxies, isSecure = false }: AddressOptions): ReadAddress {
  if (publicUrl !== null) return () => publicUrl;
  const ownScheme = isSecure ? 'https' : 'http';
  const trusted = parseNetworks(trustedProxies) ?? [];
  return ({ values, forwarded }, response) => {
    const { scheme, host, prefix } =
      forwarded !== null && isFromProxy(response, trusted) ? readForwarded(forwarded, trusted) : nothingSaid;
    const known = host ?? readHost(values.host ?? '');
    return known === null ? prefix : `${scheme ?? ownScheme}://${known}${prefix}`;
  };
}

const nothingSaid: Outside = { scheme: null, host: null, prefix: '' };

function isFromProxy(response: Pick<HttpResponse, 'getRemoteAddress'>, trusted: readonly IpNetwork[]): boolean {
  if (trusted.length === 0) return false;
  const address = addressOfBytes(new Uint8Array(response.getRemoteAddress()));
  return address !== null && isWithin(trusted, address);
}
