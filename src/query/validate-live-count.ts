/**
 * Checks what a live count is asked for: as a body of POST count-by, and with a window that may slide.
 */
import type { LiveCountRequest } from '../../schemas/count.ts';
import { unitMs } from '../../schemas/time-units.ts';
import type { Checked, ValidationIssue } from '../../schemas/validation-issue.ts';
import { validateCount } from './validate-body.ts';

/** As it was sent. */
export interface SentLiveCount {
  readonly countable: unknown;
  readonly filter: unknown;
  readonly unit: unknown;
  readonly interval: unknown;
  readonly limit: unknown;
  readonly last: unknown;
}

const lengths: Readonly<Record<string, number>> = { ...unitMs, w: 604_800_000 };
const duration = /^(\d{1,9}(?:\.\d{1,3})?)([smhdw])$/;
const lastMsMin = 1_000;
/** Ten years. */
const lastMsMax = 3_653 * 86_400_000;

export function validateLiveCount(sent: SentLiveCount, now: Date): Checked<LiveCountRequest> {
  const { countable, filter, unit, interval, limit, last } = sent;
  const terms = { countable: typeof countable === 'string' ? countable : '', limits: [limit], openEnded: true };
  const checked = validateCount(terms, { filter, time_unit: unit, time_interval: interval }, now);
  const lastMs = last === undefined || last === null ? null : lengthMs(last);
  const issues = checked.ok ? [] : [...checked.issues];
  if (lastMs !== null && Number.isNaN(lastMs)) {
    issues.push(lastIssue('a length of time from 1s to ten years, as 45s, 10m, 12h, 7d or 4w', last));
  }
  if (lastMs !== null && namesWindow(filter)) {
    issues.push(lastIssue('alone: it takes the place of occurred', last));
  }
  if (!checked.ok || issues.length > 0) return { ok: false, issues };
  return { ok: true, value: { ...checked.value, lastMs } };
}

/** NaN for what is none. */
function lengthMs(last: unknown): number {
  const [, number = '', unit = ''] = typeof last === 'string' ? (duration.exec(last) ?? []) : [];
  const ms = Number(number) * (lengths[unit] ?? Number.NaN);
  return ms >= lastMsMin && ms <= lastMsMax ? ms : Number.NaN;
}

function namesWindow(filter: unknown): boolean {
  const occurred: unknown =
    typeof filter === 'object' && filter !== null && 'occurred' in filter ? filter.occurred : {};
  if (typeof occurred !== 'object' || occurred === null) return false;
  return Object.values(occurred).some((bound) => bound !== undefined && bound !== null);
}

function lastIssue(expected: string, input: unknown): ValidationIssue {
  return { type: 'value_error', loc: ['body', 'last'], msg: `Value error, last should be ${expected}`, input };
}
