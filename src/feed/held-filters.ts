/**
 * The filters of all subscribers: one that many share is held once, and all together have a bound (I4), in bytes of the
 * heap and not of the messages they came in.
 */
import { createHash } from 'node:crypto';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { Failure } from '../base/errors.ts';
import { filterHeapBytes } from '../filter/filter-bytes.ts';
import { filterKey } from '../filter/filter-key.ts';
import { compilePredicate } from '../filter/predicate.ts';

export interface HeldFilter {
  /** The lists of the first who came with it, in the window and order of this one. */
  readonly filter: Filter;
  /** The same for filters of one meaning, windows apart; short. */
  readonly key: string;
  readonly fits: (event: StoredEvent) => boolean;
  /** Idempotent. */
  release(): void;
}

export interface HeldFilters {
  readonly heldBytes: number;
  /** Distinct ones. */
  readonly count: number;
  /** Subscribers that found no room. */
  readonly refused: number;
  /** Throws Failure `tooManyFilterBytes` if there is no room. */
  hold(filter: Filter): HeldFilter;
}

interface Shared {
  readonly filter: Filter;
  readonly key: string;
  readonly fits: (event: StoredEvent) => boolean;
  readonly bytes: number;
  holders: number;
}

/** A longer key is known by its hash. */
const keyLengthMax = 256;

export function createHeldFilters(bytesMax: number): HeldFilters {
  const byKey = new Map<string, Shared>();
  let heldBytes = 0;
  let refused = 0;

  function take(filter: Filter): Shared {
    const key = shortKey(filter);
    const present = byKey.get(key);
    if (present !== undefined) return present;
    const bytes = filterHeapBytes([filter]);
    if (heldBytes + bytes > bytesMax) {
      refused += 1;
      throw new Failure('tooManyFilterBytes', `All filters together take ${bytesMax} bytes; this one wants ${bytes}`);
    }
    const shared: Shared = { filter, key, fits: compilePredicate([filter]), bytes, holders: 0 };
    byKey.set(key, shared);
    heldBytes += bytes;
    return shared;
  }

  return {
    get heldBytes() {
      return heldBytes;
    },
    get count() {
      return byKey.size;
    },
    get refused() {
      return refused;
    },
    hold(filter) {
      const shared = take(filter);
      shared.holders += 1;
      let isHeld = true;
      return {
        filter: { ...shared.filter, occurred: filter.occurred, order: filter.order },
        key: shared.key,
        fits: shared.fits,
        release() {
          if (!isHeld) return;
          isHeld = false;
          shared.holders -= 1;
          if (shared.holders > 0) return;
          byKey.delete(shared.key);
          heldBytes -= shared.bytes;
        },
      };
    },
  };
}

function shortKey(filter: Filter): string {
  const key = filterKey([filter]);
  return key.length <= keyLengthMax ? key : createHash('sha256').update(key).digest('base64');
}
