/**
 * Page tokens say where a reading stands. They are signed, so that nobody can make or change one (I7). A token is
 * `<state>.<signature>`, both base64url. The state is opaque to clients: deflated JSON, for a token travels in a URL.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Filter } from '../../schemas/filter.ts';
import { Failure } from '../base/errors.ts';
import type { SigningKeys } from '../base/keys.ts';

export interface PageState {
  readonly filter: Filter;
  /** Events of one page. With 0 no page ever has any. */
  readonly limit: number;
  /** As of the first page, never counted again. */
  readonly total: number;
  /** Events of the total that no page has given yet. */
  readonly remaining: number;
  /** Pages see seq ≤ checkpoint, as the first page did. */
  readonly checkpoint: number;
  /** The last event given; null before the first. */
  readonly after: PagePosition | null;
}

/**
 * A filter that is too large for a token (page-filters.ts): what changes with each question, and where the rest is
 * kept.
 */
export interface KeptFilter extends Pick<Filter, 'occurred' | 'order'> {
  /** SHA-256 of the rest's text, base64url. */
  readonly hash: string;
}

export interface KeptState extends Omit<PageState, 'filter'> {
  readonly kept: KeptFilter;
}

export type TokenState = PageState | KeptState;

/** A place in the order (occurred, id), both as ClickHouse prints them. */
export interface PagePosition {
  readonly occurred: string;
  readonly id: string;
}

/** The version of the state's form. A token of another version is refused. */
const versionOf = (state: object): number => ('kept' in state ? 2 : 1);

/** `seal` says whose token it is: to everybody else it is none. */
export function sealToken(keys: SigningKeys, seal: string, state: TokenState): string {
  const text = deflateRawSync(JSON.stringify({ version: versionOf(state), ...state })).toString('base64url');
  return `${text}.${keys.sign(signed(seal, text))}`;
}

/** Throws Failure `forbidden` for anything that `sealToken` did not make with these keys for this seal. */
export function openToken(keys: SigningKeys, seal: string, token: string): TokenState {
  const [text = '', signature = '', ...rest] = token.split('.');
  // The signature comes first: nothing that a stranger made is inflated or parsed.
  if (rest.length > 0 || !keys.verify(signed(seal, text), signature)) throw new Failure('forbidden', 'Forbidden');
  const { version, ...state } = JSON.parse(inflateRawSync(Buffer.from(text, 'base64url')).toString());
  if (version !== versionOf(state)) throw new Failure('forbidden', 'Forbidden');
  return state as TokenState; // the signature says that sealToken wrote it, in this version
}

/** A seal holds no line feed, and neither does base64. */
function signed(seal: string, text: string): string {
  return seal === '' ? text : `${seal}\n${text}`;
}
