/**
 * Checks the bodies of POST filter and count-by, field by field, in Pydantic's words and with its coercions
 * (docs/prefect-facts.md, "Validation errors", "Asking for events", "Counts").
 */
import {
  type CountRequest,
  countables,
  labelCountable,
  labelNamesCountable,
  timeIntervalMin,
  timeUnits,
} from '../../schemas/count.ts';
import { type PageRequest, pageEventsMax } from '../../schemas/page.ts';
import type { Checked, Location, ValidationIssue } from '../../schemas/validation-issue.ts';
import { defaultFilter, validateFilter } from '../filter/validate-filter.ts';
import type { ExportRequest } from './export-events.ts';
import { readInteger, readNumber, within } from './read-number.ts';

/** The body of POST filter: nothing, null and `{}` are the defaults; unknown fields are ignored. */
export function validatePageBody(body: unknown, now: Date): Checked<PageRequest> {
  const fields = fieldsOf(body, ['filter', 'limit']);
  if (!fields.ok) return fields;
  const { filter, limit } = fields.value;
  const checkedFilter =
    filter === undefined || filter === null
      ? accept(defaultFilter({ now, openEnded: false }))
      : checkFilter(filter, now);
  const checkedLimit = checkLimit(limit ?? pageEventsMax);
  if (checkedFilter.ok && checkedLimit.ok) return accept({ filter: checkedFilter.value, limit: checkedLimit.value });
  return refuse(checkedFilter, checkedLimit);
}

export interface CountTerms {
  readonly countable: string;
  readonly limits: readonly unknown[];
  /** Without `until` it has no end. */
  readonly openEnded?: boolean;
}

/**
 * The body of POST count-by, the countable of its path (whose issue comes first), and `limit` of its query string,
 * which is our own: in the body it plays no part, as with Prefect.
 */
export function validateCount(
  { countable, limits, openEnded = false }: CountTerms,
  body: unknown,
  now: Date,
): Checked<CountRequest> {
  const checkedCountable = checkCountable(countable);
  const fields = fieldsOf(body, ['filter', 'time_unit', 'time_interval']);
  if (!fields.ok) return refuse(checkedCountable, fields);
  const { filter, time_unit: unit, time_interval: interval } = fields.value;
  const checkedFilter =
    filter === undefined || filter === null ? refusal(missing('filter')) : checkFilter(filter, now, openEnded);
  const checkedUnit = checkWord(unit ?? 'day', timeUnits, ['body', 'time_unit']);
  const checkedInterval = checkInterval(interval ?? 1);
  const checkedGroups = checkGroupsMax(limits.at(-1));
  if (checkedCountable.ok && checkedFilter.ok && checkedUnit.ok && checkedInterval.ok && checkedGroups.ok) {
    return accept({
      filter: checkedFilter.value,
      countable: checkedCountable.value,
      unit: checkedUnit.value,
      interval: checkedInterval.value,
      groupsMax: checkedGroups.value,
    });
  }
  return refuse(checkedCountable, checkedFilter, checkedUnit, checkedInterval, checkedGroups);
}

/** The body of POST export: a filter as for POST filter, or an export to go on with, and the last event that came. */
export function validateExportBody(body: unknown, now: Date): Checked<ExportRequest> {
  const fields = fieldsOf(body, ['filter', 'token', 'after']);
  if (!fields.ok) return fields;
  const { filter, token, after } = fields.value;
  if (token === undefined || token === null) {
    const checked = validatePageBody({ filter }, now);
    return checked.ok ? accept({ filter: checked.value.filter }) : checked;
  }
  const place = typeof after === 'object' && after !== null ? after : {};
  const [occurred, id] = [ownField(place, 'occurred'), ownField(place, 'id')];
  if (typeof token !== 'string') return refusal({ ...missing('token'), input: token });
  if (typeof occurred !== 'string' || typeof id !== 'string') return refusal({ ...missing('after'), input: after });
  return accept({ token, after: { occurred, id } });
}

/** The `page-token` of a query string, of which the last counts. */
export function validatePageToken(values: readonly string[]): Checked<string> {
  const token = values.at(-1);
  return token === undefined ? refusal({ ...missing('page-token'), loc: ['query', 'page-token'] }) : accept(token);
}

function checkFilter(filter: unknown, now: Date, openEnded = false) {
  return validateFilter(filter, { loc: ['body', 'filter'], now, openEnded });
}

function checkLimit(input: unknown): Checked<number> {
  const loc = ['body', 'limit'];
  const limit = readInteger(input, loc);
  return limit.ok ? within(limit.value, { min: 0, max: pageEventsMax }, input, loc) : limit;
}

function checkCountable(countable: string): Checked<CountRequest['countable']> {
  if (countable === labelNamesCountable) return accept({ label: null });
  const label = countable.startsWith(labelCountable) ? countable.slice(labelCountable.length) : '';
  return label === '' ? checkWord(countable, countables, ['path', 'countable']) : accept({ label });
}

function checkGroupsMax(limit: unknown): Checked<number | null> {
  if (limit === undefined || limit === null) return accept(null);
  const loc = ['query', 'limit'];
  const read = readInteger(limit, loc);
  return read.ok ? within(read.value, { min: 1, max: Number.MAX_SAFE_INTEGER }, limit, loc) : read;
}

function checkInterval(input: unknown): Checked<number> {
  const loc = ['body', 'time_interval'];
  const interval = readNumber(input, loc);
  return interval.ok ? within(interval.value, { min: timeIntervalMin, max: null }, input, loc) : interval;
}

function checkWord<Word extends string>(input: unknown, words: readonly Word[], loc: Location): Checked<Word> {
  const word = words.find((each) => each === input);
  if (word !== undefined) return accept(word);
  const quoted = words.map((each) => `'${each}'`);
  const expected = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
  return refusal({ type: 'enum', loc, msg: `Input should be ${expected}`, input, ctx: { expected } });
}

/** The fields of a body; one that is no object lacks them all, those with defaults too. */
function fieldsOf(body: unknown, names: readonly string[]): Checked<Record<string, unknown>> {
  if (body === undefined || body === null) return accept({});
  if (typeof body !== 'object' || Array.isArray(body)) return { ok: false, issues: names.map(missing) };
  return accept(Object.fromEntries(names.map((name) => [name, ownField(body, name)])));
}

function ownField(body: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(body, name)?.value;
}

function missing(name: string): ValidationIssue {
  return { type: 'missing', loc: ['body', name], msg: 'Field required', input: null };
}

function accept<Value>(value: Value): Checked<Value> {
  return { ok: true, value };
}

function refusal(issue: ValidationIssue): Checked<never> {
  return { ok: false, issues: [issue] };
}

function refuse(...checks: readonly Checked<unknown>[]): Checked<never> {
  return { ok: false, issues: checks.flatMap((check) => (check.ok ? [] : check.issues)) };
}
