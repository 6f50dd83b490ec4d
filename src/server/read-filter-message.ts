/**
 * Judges a subscriber's filter message (docs/prefect-facts.md, "Messages of a subscriber"): what the feed is asked for,
 * or how the connection ends.
 */
import type { Farewell } from '../../actors/ports.ts';
import { timeKey } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import type { ReadScope } from '../../schemas/read-scope.ts';
import type { FilterMessage, ResumePoint, Unchecked } from '../../schemas/wire.ts';
import { failures } from '../base/errors.ts';
import { issueLine } from '../base/issue-line.ts';
import type { FeedRequest } from '../feed/ports.ts';
import { timeOfDate } from '../filter/time.ts';
import { validateFilter } from '../filter/validate-filter.ts';
import { isPythonTrue } from './read-message.ts';

export type FilterOutcome =
  | { readonly ok: true; readonly request: FeedRequest; readonly heartbeats: boolean }
  | { readonly ok: false; readonly farewell: Farewell };

export interface FilterTerms {
  /** Who asks. */
  readonly scope: ReadScope;
  readonly now: Date;
  /** `since` is raised to so long before now. */
  readonly backfillMaxMs: number;
  /** The same for those with positions. */
  readonly historyMaxMs: number;
}

/** `message` is null for what is no object. */
export function judgeFilterMessage(message: Unchecked<FilterMessage> | null, terms: FilterTerms): FilterOutcome {
  if (message === null || !Object.hasOwn(message, 'type')) return { ok: false, farewell: null };
  if (message.type !== 'filter') return refused("Expected 'filter' message");
  if (!Object.hasOwn(message, 'filter')) return refused("Invalid filter: 'filter'");
  const checked = validateFilter(message.filter, { loc: [], now: terms.now, openEnded: true });
  if (!checked.ok) return refused(`Invalid filter: ${issueLine(checked.issues, 'unknown')}`);
  const backfill = Object.hasOwn(message, 'backfill') ? isPythonTrue(message.backfill) : true;
  const { resume = null } = message;
  if (resume !== null && !isResume(resume)) return refused('Invalid resume: it wants token and position');
  const form = resume !== null || message.positions === true ? 'positions' : 'plain';
  const lookBackMs = form === 'plain' ? terms.backfillMaxMs : terms.historyMaxMs;
  const filter = clampFilter(checked.value, terms.now, lookBackMs);
  const request = { filter, scope: terms.scope, backfill, form, resume } as const;
  return { ok: true, request, heartbeats: message.heartbeats === true };
}

function isResume(value: unknown): value is ResumePoint {
  if (typeof value !== 'object' || value === null || !('token' in value) || !('position' in value)) return false;
  const { token, position } = value;
  return typeof token === 'string' && (typeof position === 'string' || typeof position === 'number');
}

/** The oldest event first, and none older than the server looks back. */
export function clampFilter(filter: Filter, now: Date, lookBackMs: number): Filter {
  const oldest = timeOfDate(new Date(now.getTime() - lookBackMs));
  const { since, until } = filter.occurred;
  const isOlder = timeKey(since) < timeKey(oldest);
  return { ...filter, order: 'ASC', occurred: { since: isOlder ? oldest : since, until } };
}

function refused(reason: string): FilterOutcome {
  return { ok: false, farewell: { code: failures.badFilter.code, reason, failure: 'badFilter' } };
}
