/**
 * What proxies say of the request that came to them: `Forwarded` (RFC 7239) and the `X-Forwarded-…` headers. Each proxy
 * adds to the right, so what stands there was written by whoever is connected to us; it is read on to the left only
 * past hops that are trusted.
 */
import { type IpNetwork, isWithin, parseAddress } from '../base/ip-networks.ts';
import { readHost, readPrefix, readScheme } from '../base/public-url.ts';

export interface ForwardedHeaders {
  /** Repeated lines joined by commas; empty if there is none. */
  readonly forwarded: string;
  readonly xFor: string;
  readonly xProto: string;
  readonly xHost: string;
  readonly xPrefix: string;
}

/**
 * As the outermost trusted proxy saw it; null (of the prefix: empty) where none said so, or what it said is malformed.
 */
export interface Outside {
  readonly scheme: 'http' | 'https' | null;
  readonly host: string | null;
  readonly prefix: string;
}

/** Of a peer that is trusted itself. */
export function readForwarded(headers: ForwardedHeaders, trusted: readonly IpNetwork[]): Outside {
  const standard = readStandard(headers.forwarded, trusted);
  const hops = writersOf(headers.xFor, trusted);
  return {
    scheme: standard.scheme ?? readScheme(writtenBy(headers.xProto, hops)),
    host: standard.host ?? readHost(writtenBy(headers.xHost, hops)),
    prefix: readPrefix(writtenBy(headers.xPrefix, hops)) ?? '',
  };
}

/** Who asked the outermost trusted proxy; null where none says so, or what it says is no address. */
export function readClient({ forwarded, xFor }: ForwardedHeaders, trusted: readonly IpNetwork[]): Uint8Array | null {
  let client: Uint8Array | null = null;
  for (const node of forwarded === '' ? xFor.split(',').reverse() : nodesOf(forwarded)) {
    const address = addressOf(node.trim());
    if (address === null) break;
    client = address;
    if (!isWithin(trusted, address)) break;
  }
  return client;
}

/** From the right. */
function* nodesOf(header: string): Generator<string> {
  for (let rest = header; rest !== ''; ) {
    const comma = lastComma(rest);
    yield pairsOf(rest.slice(comma + 1))?.get('for') ?? '';
    rest = rest.slice(0, Math.max(0, comma));
  }
}

function readStandard(header: string, trusted: readonly IpNetwork[]): Pick<Outside, 'scheme' | 'host'> {
  let scheme: Outside['scheme'] = null;
  let host: string | null = null;
  for (let rest: string | null = header; rest !== null && rest !== ''; ) {
    const comma = lastComma(rest);
    const pairs = pairsOf(rest.slice(comma + 1));
    if (pairs === null) break;
    scheme = readScheme(pairs.get('proto') ?? '') ?? scheme;
    host = readHost(pairs.get('host') ?? '') ?? host;
    rest = isTrusted(pairs.get('for') ?? '', trusted) ? rest.slice(0, Math.max(0, comma)) : null;
  }
  return { scheme, host };
}

/**
 * Outside of quotes, as they are from the right: what a client began and never ended must not swallow what a proxy
 * wrote behind it. -1 if there is none.
 */
function lastComma(text: string): number {
  let isQuoted = false;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    if (text[at] === '"') {
      let backslashes = 0;
      while (text[at - 1 - backslashes] === '\\') backslashes += 1;
      if (!isQuoted || backslashes % 2 === 0) isQuoted = !isQuoted;
    } else if (text[at] === ',' && !isQuoted) return at;
  }
  return -1;
}

/**
 * How many trusted proxies each added a value: the one that is connected to us, and those before it that are trusted.
 */
function writersOf(xFor: string, trusted: readonly IpNetwork[]): number {
  const addresses = xFor.split(',');
  let hops = 1;
  while (hops < addresses.length && isTrusted(addresses[addresses.length - hops]?.trim() ?? '', trusted)) hops += 1;
  return hops;
}

/** Of a list, what the outermost of these writers put there. One that replaces the whole list leaves fewer values. */
function writtenBy(list: string, writers: number): string {
  const values = list.split(',');
  return values[Math.max(0, values.length - writers)]?.trim() ?? '';
}

function isTrusted(node: string, trusted: readonly IpNetwork[]): boolean {
  const address = addressOf(node);
  return address !== null && isWithin(trusted, address);
}

/** Of a node with or without a port; null for a name that is no address. */
function addressOf(node: string): Uint8Array | null {
  return parseAddress(/^\[([^\]]*)\](?::\d+)?$/.exec(node)?.[1] ?? /^([\d.]+):\d+$/.exec(node)?.[1] ?? node);
}

/** Null for what is no list of `name=value`. A repeated name is malformed, as RFC 7239 has it. */
function pairsOf(element: string): ReadonlyMap<string, string> | null {
  const pairs = new Map<string, string>();
  for (const pair of splitPairs(element)) {
    if (pair.trim() === '') continue;
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim().toLowerCase();
    const value = unquote(pair.slice(at + 1).trim());
    if (at < 1 || value === null || pairs.has(name)) return null;
    pairs.set(name, value);
  }
  return pairs;
}

function unquote(value: string): string | null {
  if (!value.startsWith('"')) return value.includes('"') ? null : value;
  const inside = value.slice(1, -1);
  return value.length >= 2 && value.endsWith('"') ? inside.replaceAll(/\\(.)/g, '$1') : null;
}

/** At semicolons outside of quotes. */
function splitPairs(text: string): string[] {
  const parts: string[] = [];
  let begin = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (isQuoted && text[at] === '\\') at += 1;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (text[at] === ';' && !isQuoted) {
      parts.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  parts.push(text.slice(begin));
  return parts;
}
