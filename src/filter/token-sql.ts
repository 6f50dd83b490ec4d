/**
 * Conditions that the text indexes of migration 005 answer: whether an event has one of the wanted tokens.
 */
import type { Bind } from './bindings.ts';
import { any } from './sql-patterns.ts';

/** As they stand in the indexes: written otherwise, an index is not used. */
export const labelTokens =
  "arrayMap((label, value) -> concat(label, '=', value), mapKeys(resource), mapValues(resource))";
export const roleTokens = "arrayMap((role, id) -> concat(role, '=', id), related_roles, related_ids)";
export const idTokens = 'related_ids';
/** Longer lists are not looked up in the index. */
export const tokensMax = 32;

/**
 * The index alone if its tokens cannot be mistaken, for then no column need be read; else the index and the plain
 * condition. Each of `names` stands before each of the values; null for values alone.
 */
export function tokensSql(
  tokens: string,
  names: readonly string[] | null,
  values: readonly string[],
  plain: () => string[],
  bind: Bind,
): string[] {
  const wanted = names === null ? values : names.flatMap((name) => values.map((value) => `${name}=${value}`));
  if (wanted.length === 0 || wanted.length > tokensMax) return plain();
  const index = hasAny(tokens, wanted, bind);
  return names === null || wanted.every(isUnmistakable) ? [index] : [index, ...plain()];
}

/** `a=b=c` may be the label `a` or the label `a=b`. A token with one `=` can be read in one way only. */
export function isUnmistakable(token: string): boolean {
  return token.indexOf('=') === token.lastIndexOf('=');
}

/** Narrows by an index what another condition decides. */
export function narrowSql(tokens: string, wanted: readonly string[], bind: Bind): string[] {
  return wanted.length === 0 || wanted.length > tokensMax ? [] : [hasAny(tokens, wanted, bind)];
}

export function hasAny(tokens: string, wanted: readonly string[], bind: Bind): string {
  return any(wanted.map((token) => `has(${tokens}, ${bind('String', token)})`));
}
