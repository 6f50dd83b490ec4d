/**
 * Page tokens: where a reading stands, signed, so that nobody can make or change one (I7).
 * `<state>.<signature>`, both base64url; the state is opaque to clients (deflated JSON: a token travels in a URL).
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Filter } from '../../schemas/filter.ts';
import { Failure } from '../errors.ts';
import type { SigningKeys } from '../keys.ts';

export interface PageState {
  readonly filter: Filter;
  /** Events of one page; 0 reads nothing, for ever. */
  readonly limit: number;
  /** As of the first page, never counted again. */
  readonly total: number;
  /** Events of the total that no page has given yet. */
  readonly remaining: number;
  /** Pages see seq ≤ checkpoint, as the first page did. */
  readonly checkpoint: number;
  /** The last event given; null before the first. */
  readonly after: Position | null;
}

/** A place in the order (occurred, id), both as ClickHouse prints them. */
export interface Position {
  readonly occurred: string;
  readonly id: string;
}

/** Of the state's form; a token of another version is refused. */
const tokenVersion = 1;

export function sealToken(keys: SigningKeys, state: PageState): string {
  const text = deflateRawSync(JSON.stringify({ version: tokenVersion, ...state })).toString('base64url');
  return `${text}.${keys.sign(text)}`;
}

/** Throws Failure `forbidden` for anything that `sealToken` did not make with these keys. */
export function openToken(keys: SigningKeys, token: string): PageState {
  const [text = '', signature = '', ...rest] = token.split('.');
  // Signed first: nothing that a stranger made is inflated or parsed.
  if (rest.length > 0 || !keys.verify(text, signature)) throw new Failure('forbidden', 'Forbidden');
  const { version, ...state } = JSON.parse(inflateRawSync(Buffer.from(text, 'base64url')).toString());
  if (version !== tokenVersion) throw new Failure('forbidden', 'Forbidden');
  return state as PageState; // the signature says that sealToken wrote it, in this version
}
