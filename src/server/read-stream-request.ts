/**
 * Reads what the URL and the headers of an event stream ask for: the filter as JSON, backfill, and where to go on.
 */
import type { Checked } from '../../schemas/validation-issue.ts';
import { parseStreamId } from '../../schemas/wire.ts';
import { Failure } from '../base/errors.ts';
import type { FeedRequest } from '../feed/ports.ts';
import { validateFilter } from '../filter/validate-filter.ts';
import { parseFilter } from './parse-filter.ts';
import { clampFilter, type FilterTerms } from './read-filter-message.ts';
import type { RouteRequest } from './route.ts';

export interface StreamRequest extends FeedRequest {
  /** `positions=true`: history as for sockets with positions, and a `close` that names the failure. */
  readonly wantsReasons: boolean;
}

/** Throws Failure `badFilter` for an id that is none of ours. */
export function readStreamRequest(
  { query, lastEventId }: Pick<RouteRequest, 'query' | 'lastEventId'>,
  terms: FilterTerms,
): Checked<StreamRequest> {
  const sent = parseFilter(query.get('filter') ?? '{}');
  if (!sent.ok) return sent;
  const loc = ['query', 'filter'];
  const checked = validateFilter(sent.value, { loc, now: terms.now, openEnded: true });
  if (!checked.ok) return checked;
  // The header is the newer one: a browser repeats the URL, and adds the header, each time that it connects again.
  const id = lastEventId || query.get('last-event-id') || '';
  const resume = id === '' ? null : parseStreamId(id);
  if (id !== '' && resume === null) throw new Failure('badFilter', 'Invalid last event id');
  const backfill = !['false', '0'].includes(query.get('backfill') ?? '');
  const wantsReasons = ['true', '1'].includes(query.get('positions') ?? '');
  const lookBackMs = wantsReasons ? terms.historyMaxMs : terms.backfillMaxMs;
  const filter = clampFilter(checked.value, terms.now, lookBackMs);
  return { ok: true, value: { filter, scope: terms.scope, backfill, form: 'stream', resume, wantsReasons } };
}
