/**
 * Which pages of other origins may read answers and open WebSockets. As with Prefect any may, unless the setting says
 * otherwise; once there are tokens none may that the setting does not name.
 */
import type { Credentials } from '../access/credentials.ts';
import { parseOrigins } from '../base/origins.ts';

/** What `access-control-allow-origin` says to an origin: `*`, the origin itself, or empty for one that may not. */
export type OriginPolicy = (origin: string) => string;

export function originPolicy(setting: string | null, credentials: Pick<Credentials, 'hasTokens'>): OriginPolicy {
  const named = setting === null ? null : parseOrigins(setting);
  return (origin) => {
    if (origin === '') return '';
    if (named === null) return credentials.hasTokens ? '' : '*';
    if (named === 'any') return '*';
    return named.has(origin) ? origin : '';
  };
}

/** Whether a page may open a WebSocket here: one of this very host always may, and so may what is no page at all. */
export function mayConnect(policy: OriginPolicy, origin: string, ownUrl: () => string): boolean {
  return origin === '' || policy(origin) !== '' || originOf(ownUrl()) === origin;
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}
