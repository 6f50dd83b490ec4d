/**
 * Reads what a live count is asked for: a message on `/out`, or the URL of an event stream.
 */
import type { Farewell } from '../../actors/ports.ts';
import type { CountsMessage } from '../../schemas/count-frames.ts';
import type { ReadScope } from '../../schemas/read-scope.ts';
import type { Checked, ValidationIssue } from '../../schemas/validation-issue.ts';
import type { Unchecked } from '../../schemas/wire.ts';
import { failures } from '../base/errors.ts';
import { issueLine } from '../base/issue-line.ts';
import type { WatchRequest } from '../live-counts/ports.ts';
import { validateLiveCount } from '../query/validate-live-count.ts';
import { parseFilter } from './parse-filter.ts';
import type { RouteRequest } from './route.ts';

export interface CountsTerms {
  /** Who asks. */
  readonly scope: ReadScope;
  readonly now: Date;
}

export type CountsOutcome =
  | { readonly ok: true; readonly request: WatchRequest; readonly heartbeats: boolean }
  | { readonly ok: false; readonly farewell: Farewell };

export function readCountsMessage(message: Unchecked<CountsMessage>, { scope, now }: CountsTerms): CountsOutcome {
  const { countable, filter, time_unit: unit, time_interval: interval, limit, last, heartbeats } = message;
  const checked = validateLiveCount({ countable, filter, unit, interval, limit, last }, now);
  if (!checked.ok) {
    const reason = `Invalid counts: ${issueLine(checked.issues.map(inMessage), 'unknown')}`;
    return { ok: false, farewell: { code: failures.badFilter.code, reason, failure: 'badFilter' } };
  }
  return { ok: true, request: { question: checked.value, scope, form: 'socket' }, heartbeats: heartbeats === true };
}

export function readCountsRequest(
  { query, parameter }: Pick<RouteRequest, 'query' | 'parameter'>,
  { scope, now }: CountsTerms,
): Checked<WatchRequest> {
  const filter = parseFilter(query.get('filter') ?? '{}');
  if (!filter.ok) return filter;
  const given = (name: string): string | undefined => query.getAll(name).at(-1);
  const checked = validateLiveCount(
    {
      countable: parameter,
      filter: filter.value,
      unit: given('time_unit'),
      interval: given('time_interval'),
      limit: given('limit'),
      last: given('last'),
    },
    now,
  );
  if (!checked.ok) return { ok: false, issues: checked.issues.map(inQuery) };
  return { ok: true, value: { question: checked.value, scope, form: 'stream' } };
}

/** In POST some of it stands elsewhere; here all is in the message. */
function inMessage(issue: ValidationIssue): ValidationIssue {
  return { ...issue, loc: issue.loc.slice(1) };
}

/** All but what is counted stands in the URL. */
function inQuery(issue: ValidationIssue): ValidationIssue {
  const [first, ...rest] = issue.loc;
  return first === 'body' ? { ...issue, loc: ['query', ...rest] } : issue;
}
