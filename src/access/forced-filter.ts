/**
 * The filter that a credential forces on every read. It is a filter as the API has it, without `order`, and its
 * `occurred` has no defaults: what is absent is unbounded.
 */
import type { Filter } from '../../schemas/filter.ts';
import type { Checked, ValidationIssue } from '../../schemas/validation-issue.ts';
import { isRecord } from '../filter/read-model.ts';
import { validateFilter } from '../filter/validate-filter.ts';

/** ClickHouse knows no time before. */
const beginningOfTime = '1900-01-01T00:00:00.000000Z';

export function readForcedFilter(input: unknown): Checked<Filter> {
  if (!isRecord(input)) return { ok: false, issues: [noFilter] };
  const checked = validateFilter(input, { loc: [], now: new Date(0), openEnded: true });
  if (!checked.ok) return checked;
  const unfit = unfitIn(input);
  if (unfit !== null) return { ok: false, issues: [unfit] };
  const { occurred } = checked.value;
  const hasSince = isGiven(input['occurred'], 'since');
  return {
    ok: true,
    value: { ...checked.value, occurred: { ...occurred, since: hasSince ? occurred.since : beginningOfTime } },
  };
}

function unfitIn(input: Readonly<Record<string, unknown>>): ValidationIssue | null {
  for (const name of ['order', 'limit']) {
    if (isGiven(input, name)) return issue(`A filter that is forced has no ${name}`, [name]);
  }
  if (isGiven(input['resource'], 'distinct')) {
    return issue('A filter that is forced has no distinct', ['resource', 'distinct']);
  }
  return null;
}

function isGiven(value: unknown, name: string): boolean {
  return isRecord(value) && value[name] !== undefined;
}

function issue(msg: string, loc: readonly string[]): ValidationIssue {
  return { type: 'value_error', loc, msg, input: null };
}

const noFilter = issue('It wants an object', []);
