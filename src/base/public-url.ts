/**
 * What may stand at the beginning of a link: scheme, host and path prefix, each in a form in which it can do no harm in
 * a header or a page.
 */

const labels = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/;
const hostBytesMax = 262;
const prefixBytesMax = 256;
const segment = /^(?:[A-Za-z0-9._~!$&'()*+;=:@-]|%[0-9A-Fa-f]{2})+$/;

/** `http` or `https`, in lower case; null for anything else. */
export function readScheme(text: string): 'http' | 'https' | null {
  const scheme = text.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : null;
}

/** A name or an address, with or without a port, as it stands; null for anything else. */
export function readHost(text: string): string | null {
  if (text.length > hostBytesMax) return null;
  const [, bracketed, name, port] = /^(?:(\[[0-9A-Fa-f:.]+\])|([^[\]:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (port !== undefined && (Number(port) > 65_535 || Number(port) === 0)) return null;
  if (bracketed !== undefined) return URL.canParse(`http://${bracketed}`) ? text : null;
  return name !== undefined && labels.test(name) ? text : null;
}

/** A path without a slash at its end; empty for `/` or nothing; null for what is no plain path. */
export function readPrefix(text: string): string | null {
  if (text === '' || text === '/') return '';
  if (!text.startsWith('/') || text.length > prefixBytesMax) return null;
  const segments = text.replace(/\/$/, '').slice(1).split('/');
  const isPlain = segments.every((one) => segment.test(one) && one !== '.' && one !== '..');
  return isPlain ? `/${segments.join('/')}` : null;
}

/** `https://host:port/prefix` without a slash at its end; null for what has more or less than that. */
export function readPublicUrl(text: string): string | null {
  const [, given = '', host = '', path = ''] = /^([A-Za-z]+):\/\/([^/?#]*)([^?#]*)$/.exec(text) ?? [];
  const parts = [readScheme(given), readHost(host), readPrefix(path)] as const;
  return parts.includes(null) ? null : `${parts[0]}://${parts[1]}${parts[2]}`;
}
