/**
 * Who asks, and what they may do: the rights are apart, `admin` gives neither `read` nor `write`.
 */
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import type { ReadScope } from '../../schemas/read-scope.ts';

export const rightNames = ['read', 'write', 'admin'] as const;
export type Right = (typeof rightNames)[number];

export interface Limits {
  /** Events a second, a batch being taken as a whole. */
  readonly rate: number | null;
  /** Bytes a second of bodies and messages with events. */
  readonly rateBytes: number | null;
  /** Sockets and event streams at once. */
  readonly connections: number | null;
  /** Pages, counts and exports at once. */
  readonly queries: number | null;
}

export const noLimits: Limits = { rate: null, rateBytes: null, connections: null, queries: null };

export interface Identity extends ReadScope {
  /** For people: logs, metrics and lists. */
  readonly name: string;
  readonly rights: ReadonlySet<Right>;
  readonly label: ForcedLabel | null;
  readonly limits: Limits;
  /** Milliseconds since 1970; Infinity for one that does not expire. */
  readonly expires: number;
}

/** Who has no credential, or one that does not hold. */
export const nobody: Identity = {
  seal: 'nobody',
  name: 'nobody',
  rights: new Set(),
  forced: [],
  label: null,
  limits: noLimits,
  expires: Number.POSITIVE_INFINITY,
};

/** Who has the auth string, and everybody where there is no credential at all. */
export const everything: Identity = {
  seal: '',
  name: 'everything',
  rights: new Set(rightNames),
  forced: [],
  label: null,
  limits: noLimits,
  expires: Number.POSITIVE_INFINITY,
};
