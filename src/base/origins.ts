/**
 * A setting's list of web origins.
 */

/** `any` for `*`, an empty set for `none`; null where one is no origin. */
export function parseOrigins(list: string): ReadonlySet<string> | 'any' | null {
  const text = list.trim();
  if (text === '*') return 'any';
  if (text === 'none') return new Set();
  const origins = text.split(',').map((one) => one.trim());
  return origins.every(isOrigin) ? new Set(origins) : null;
}

/** Scheme, host and perhaps a port, as browsers send it. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
