/**
 * One token as `access/tokens.json` keeps it: a hash and its rights, never the token.
 */
import type { Filter } from '../../schemas/filter.ts';
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import { isRecord } from '../filter/read-model.ts';
import { readForcedFilter } from './forced-filter.ts';
import { type Identity, type Limits, noLimits, type Right, rightNames } from './identity.ts';

export interface TokenRecord {
  /** 12 hex digits, as in the token. */
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the token, in hex. */
  readonly hash: string;
  readonly rights: readonly Right[];
  /** As it was given; null for none. */
  readonly filter: object | null;
  readonly label: ForcedLabel | null;
  readonly limits: Limits;
  /** ISO times. */
  readonly made: string;
  readonly expires: string | null;
  readonly revoked: string | null;
}

/** Living: neither revoked nor expired at this time. */
export function isLiving({ revoked, expires }: Pick<TokenRecord, 'revoked' | 'expires'>, now: number): boolean {
  return revoked === null && (expires === null || Date.parse(expires) > now);
}

/** What it may do. Throws for a filter that is none: such a token must let nobody in. */
export function identityOf(record: TokenRecord): Identity {
  return {
    seal: `token:${record.id}`,
    name: record.name,
    rights: new Set(record.rights),
    forced: record.filter === null ? [] : [forcedOf(record.filter)],
    label: record.label,
    limits: record.limits,
    expires: record.expires === null ? Number.POSITIVE_INFINITY : Date.parse(record.expires),
  };
}

function forcedOf(filter: object): Filter {
  const checked = readForcedFilter(filter);
  if (checked.ok) return checked.value;
  throw new Error(`the token's filter is none: ${checked.issues[0]?.msg ?? ''}`);
}

/** Null for what is no record. */
export function readRecord(value: unknown): TokenRecord | null {
  if (!isRecord(value)) return null;
  const {
    id,
    name,
    hash,
    rights,
    filter,
    label,
    limits,
    made,
    expires,
    revoked,
  }: Partial<Record<keyof TokenRecord, unknown>> = value;
  if (!isText(id) || !isText(name) || !isText(hash) || !isText(made)) return null;
  if (!Array.isArray(rights) || !rights.every(isRight)) return null;
  if (filter !== null && !isRecord(filter)) return null;
  if (!isTime(expires) || !isTime(revoked) || !(label === null || isLabel(label))) return null;
  const bounds = readLimits(limits);
  return bounds === null ? null : { id, name, hash, rights, filter, label, limits: bounds, made, expires, revoked };
}

function readLimits(value: unknown): Limits | null {
  if (!isRecord(value)) return null;
  const given = Object.entries({ ...noLimits, ...value }).filter(([name]) => Object.hasOwn(noLimits, name));
  const isGood = given.every(([, limit]) => limit === null || (typeof limit === 'number' && limit > 0));
  return isGood ? { ...noLimits, ...Object.fromEntries(given) } : null;
}

function isLabel(value: unknown): value is ForcedLabel {
  return isRecord(value) && isText(value['key']) && isText(value['value']);
}

function isRight(value: unknown): value is Right {
  return rightNames.some((right) => right === value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTime(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
}
