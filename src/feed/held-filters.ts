/**
 * The filters of all subscribers: one that many share is held once, and all together have a bound (I4), in bytes of the
 * heap and not of the messages they came in.
 */
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { Failure } from '../base/errors.ts';
import { filterHeapBytes } from '../filter/filter-bytes.ts';
import { filterKey, shortened } from '../filter/filter-key.ts';
import { compilePredicate } from '../filter/predicate.ts';

export interface HeldFilter {
  /** The lists of the first who came with it, in the window and order of this one. */
  readonly filter: Filter;
  /** With those that are forced upon it. */
  readonly filters: AllFilters;
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
  hold(filters: AllFilters): HeldFilter;
}

interface Shared {
  readonly filters: AllFilters;
  readonly key: string;
  readonly fits: (event: StoredEvent) => boolean;
  readonly bytes: number;
  holders: number;
}

export function createHeldFilters(bytesMax: number): HeldFilters {
  const byKey = new Map<string, Shared>();
  let heldBytes = 0;
  let refused = 0;

  function take(filters: AllFilters): Shared {
    const key = shortened(filterKey(filters));
    const present = byKey.get(key);
    if (present !== undefined) return present;
    const bytes = filterHeapBytes(filters);
    if (heldBytes + bytes > bytesMax) {
      refused += 1;
      throw new Failure('tooManyFilterBytes', `All filters together take ${bytesMax} bytes; this one wants ${bytes}`);
    }
    const shared: Shared = { filters, key, fits: compilePredicate(filters), bytes, holders: 0 };
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
    hold(filters) {
      const shared = take(filters);
      const [{ occurred, order }] = filters;
      const [first, ...forced] = shared.filters;
      // All in one window: those who share them may have them in another order, with other windows.
      const filter = { ...first, occurred, order };
      shared.holders += 1;
      let isHeld = true;
      return {
        filter,
        filters: [filter, ...forced.map((each) => ({ ...each, occurred, order }))],
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
