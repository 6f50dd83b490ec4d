/**
 * Where a feed begins: by its request, or after the position that it resumes from (I3).
 */
import { timeKey } from '../../schemas/event.ts';
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import type { GapFrame } from '../../schemas/wire.ts';
import { Failure } from '../base/errors.ts';
import type { SigningKeys } from '../base/keys.ts';
import { type Place, parsePosition } from '../history/position.ts';
import type { EventReader } from './event-reader.ts';
import type { FeedRequest } from './ports.ts';
import { openResumeToken } from './resume-token.ts';

/** Rows of the store with seq in (after, checkpoint], behind `from`. */
export interface Stretch {
  /** 0: from the beginning, as of now, whatever has expired. */
  readonly after: number;
  /** Null: as of when the store is ready. */
  readonly checkpoint: number | null;
  readonly from: Place | null;
}

export interface Start {
  /** The window of the first is the one that the feed was first opened with. */
  readonly filters: AllFilters;
  /** In history, or behind a seq. */
  readonly at: Stretch | number;
  /** The position cannot be resumed from: to be told, before a start by the request. */
  readonly gap: GapFrame['reason'] | null;
}

export interface StartParts {
  readonly journal: Pick<EventReader, 'epoch'>;
  readonly live: { readonly mark: number };
  readonly keys: SigningKeys;
  /** See FeedSources. */
  readonly options?: { readonly isReplica?: boolean };
}

/** Throws Failure `forbidden` for a token that is not ours, `badFilter` for what is no position. */
export function startOf({ journal, live, keys, options }: StartParts, request: FeedRequest): Start {
  const { filter, scope, backfill, resume } = request;
  const filters = [insideAll(filter, scope.forced), ...scope.forced] as const;
  const fresh = (gap: Start['gap']): Start => ({
    filters,
    at: backfill ? { after: 0, checkpoint: null, from: null } : live.mark,
    gap,
  });
  if (resume === null) return fresh(null);
  const { epoch, after, checkpoint, window } = openResumeToken(keys, { filters, seal: scope.seal }, resume.token);
  const position = parsePosition(resume.position);
  if (position === null) throw new Failure('badFilter', 'Invalid resume: position');
  if (epoch !== journal.epoch) return fresh('epoch');
  const isAhead = (typeof position === 'number' ? position : checkpoint) > live.mark;
  if (isAhead && options?.isReplica !== true) return fresh('head');
  return {
    filters: [{ ...filter, occurred: window }, ...scope.forced],
    at: typeof position === 'number' ? position : { after, checkpoint, from: position === 'start' ? null : position },
    gap: null,
  };
}

/** A feed has one window: that which lies in all of them. */
function insideAll(filter: Filter, forced: readonly Filter[]): Filter {
  let { since, until } = filter.occurred;
  for (const { occurred } of forced) {
    if (timeKey(occurred.since) > timeKey(since)) since = occurred.since;
    if (occurred.until !== null && (until === null || timeKey(occurred.until) < timeKey(until))) until = occurred.until;
  }
  return { ...filter, occurred: { since, until } };
}
