/**
 * Where a feed begins: by its request, or after the position that it resumes from (I3).
 */
import type { Filter } from '../../schemas/filter.ts';
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
  /** Its window is the one that the feed was first opened with. */
  readonly filter: Filter;
  /** In history, or behind a seq. */
  readonly at: Stretch | number;
  /** The position cannot be resumed from: to be told, before a start by the request. */
  readonly gap: GapFrame['reason'] | null;
}

export interface StartParts {
  readonly journal: Pick<EventReader, 'epoch'>;
  readonly live: { readonly mark: number };
  readonly keys: SigningKeys;
}

/** Throws Failure `forbidden` for a token that is not ours, `badFilter` for what is no position. */
export function startOf({ journal, live, keys }: StartParts, request: FeedRequest): Start {
  const { filter, backfill, resume } = request;
  const fresh = (gap: Start['gap']): Start => ({
    filter,
    at: backfill ? { after: 0, checkpoint: null, from: null } : live.mark,
    gap,
  });
  if (resume === null) return fresh(null);
  const { epoch, after, checkpoint, window } = openResumeToken(keys, filter, resume.token);
  const position = parsePosition(resume.position);
  if (position === null) throw new Failure('badFilter', 'Invalid resume: position');
  if (epoch !== journal.epoch) return fresh('epoch');
  if ((typeof position === 'number' ? position : checkpoint) > live.mark) return fresh('head');
  return {
    filter: { ...filter, occurred: window },
    at: typeof position === 'number' ? position : { after, checkpoint, from: position === 'start' ? null : position },
    gap: null,
  };
}
