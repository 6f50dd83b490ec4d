/**
 * How far forwarding has come, as it is kept: what Prefect is known to have, and what may have been sent beyond that,
 * which is kept before it is sent.
 */
export interface SkippedRange {
  readonly first: number;
  readonly last: number;
  /** ISO time. */
  readonly at: string;
}

export interface KeptPlace {
  /** All own events up to this seq that pass were sent, refused or left out, and need not be asked for again. */
  readonly confirmed: number;
  /** Those up to this seq may have been sent. */
  readonly maybeSentUpTo: number;
  /** What was never forwarded, the newest last. */
  readonly skipped: readonly SkippedRange[];
}

export interface PlaceStore {
  /** Null where nothing was ever kept. Rejects with StartRefused for what cannot be read. */
  load(): Promise<KeptPlace | null>;
  /** Resolves once it is kept. Rejects as what keeps it does; then it may be kept all the same. */
  save(place: KeptPlace): Promise<void>;
}

const skippedMax = 100;

/** As it is written: bounded. */
export function boundedPlace({ skipped, ...place }: KeptPlace): KeptPlace {
  return { ...place, skipped: skipped.slice(-skippedMax) };
}

/** Null for what is no place. */
export function readPlace(value: unknown): KeptPlace | null {
  if (typeof value !== 'object' || value === null) return null;
  const { confirmed, maybeSentUpTo, skipped } = value as Partial<KeptPlace>; // checked next
  const isPlace = Number.isSafeInteger(confirmed) && Number.isSafeInteger(maybeSentUpTo) && Array.isArray(skipped);
  return isPlace ? ({ confirmed, maybeSentUpTo, skipped } as KeptPlace) : null; // its fields were just checked
}
