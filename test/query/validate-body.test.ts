/** Bodies of POST filter and count-by against what a real Prefect 3.8.8 answered (test/fixtures/query-bodies.json). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Checked, ValidationIssue } from '../../schemas/validation-issue.ts';
import {
  validateCount,
  validateExportBody,
  validatePageBody,
  validatePageToken,
} from '../../src/query/validate-body.ts';

interface Recorded {
  readonly path: string;
  readonly body: string | null;
  /** Null: the body was taken. */
  readonly issues: readonly ValidationIssue[] | null;
}

const now = new Date('2026-11-22T19:00:00Z');
const recorded: Recorded[] = JSON.parse(
  readFileSync(new URL('../fixtures/query-bodies.json', import.meta.url), 'utf8'),
);

function validate(path: string, text: string | null): Checked<unknown> {
  const body: unknown = text === null ? undefined : JSON.parse(text);
  return path === 'filter'
    ? validatePageBody(body, now)
    : validateCount({ countable: path.split('/')[1] ?? '', limits: [] }, body, now);
}

test.each(recorded)('$path $body is answered as by Prefect', ({ path, body, issues }) => {
  const checked = validate(path, body);
  expect(checked.ok ? null : checked.issues).toEqual(issues);
});

test('what is left out has its default', () => {
  expect(validatePageBody(undefined, now)).toMatchObject({ ok: true, value: { limit: 50, filter: { order: 'DESC' } } });
  expect(validateCount({ countable: 'day', limits: [] }, { filter: {} }, now)).toMatchObject({
    ok: true,
    value: { countable: 'day', unit: 'day', interval: 1 },
  });
});

test.each([
  ['"5"', 5],
  ['true', 1],
  ['"1_0.00"', 10],
  ['-0.0', 0],
])('limit %s is %d', (text, limit) => {
  expect(validatePageBody(JSON.parse(`{"limit":${text}}`), now)).toMatchObject({ ok: true, value: { limit } });
});

test.each(['"1.5"', '"1_5e-1"', '" +1.50\\t"'])('time_interval %s is 1.5', (text) => {
  const body: unknown = JSON.parse(`{"filter":{},"time_interval":${text}}`);
  expect(validateCount({ countable: 'time', limits: [] }, body, now)).toMatchObject({
    ok: true,
    value: { interval: 1.5 },
  });
});

test.each(['"inf"', '"Infinity"', '1e999', '"1e400"'])(
  'an infinite time_interval (%s) is 422, where Prefect says 500',
  (text) => {
    const checked = validateCount(
      { countable: 'event', limits: [] },
      JSON.parse(`{"filter":{},"time_interval":${text}}`),
      now,
    );
    expect(checked).toMatchObject({ ok: false, issues: [{ type: 'finite_number', loc: ['body', 'time_interval'] }] });
  },
);

test('a field that only a prototype has is no field', () => {
  expect(validatePageBody(JSON.parse('{"__proto__":{"limit":99}}'), now)).toMatchObject({ ok: true });
});

test('of several page tokens the last counts, none is missing', () => {
  expect(validatePageToken(['a', 'b'])).toEqual({ ok: true, value: 'b' });
  expect(validatePageToken([''])).toEqual({ ok: true, value: '' });
  expect(validatePageToken([])).toEqual({
    ok: false,
    issues: [{ type: 'missing', loc: ['query', 'page-token'], msg: 'Field required', input: null }],
  });
});

test('takes the limit of groups from the query string alone, the last of several', () => {
  const limited = (limits: string[], body: object = {}) =>
    validateCount({ countable: 'event', limits }, { filter: {}, ...body }, now);
  expect(limited(['3', '10'])).toMatchObject({ ok: true, value: { groupsMax: 10 } });
  expect(limited([], { limit: 1 })).toMatchObject({ ok: true, value: { groupsMax: null } });
  for (const limit of ['0', '-1', '1.5', 'ten', '']) {
    expect(limited([limit])).toMatchObject({ ok: false, issues: [{ loc: ['query', 'limit'] }] });
  }
});

test('an export begins with a filter, or goes on with a token and the last event that came', () => {
  const after = { occurred: '2026-11-16T00:00:00Z', id: 'x' };
  for (const begins of [{}, { token: null }, { filter: {} }, { filter: {}, token: null, after }]) {
    const checked = validateExportBody(begins, now);
    expect(checked).toEqual({ ok: true, value: { filter: expect.objectContaining({ order: 'DESC' }) } });
  }
  expect(validateExportBody({ token: 't', after }, now)).toEqual({ ok: true, value: { token: 't', after } });
  expect(validateExportBody({ filter: 5, token: 't', after }, now)).toEqual({ ok: true, value: { token: 't', after } });
});

test('a body of an export that is none is refused at the field that is wrong', () => {
  const after = { occurred: '2026-11-16T00:00:00Z', id: 'x' };
  const place = (body: unknown) => {
    const checked = validateExportBody(body, now);
    return checked.ok ? 'taken' : checked.issues.map(({ loc }) => loc.join('.'));
  };
  expect(place({ filter: 5 })).toEqual(['body.filter']);
  expect(place({ token: 5, after })).toEqual(['body.token']);
  for (const wrong of [
    undefined,
    null,
    'x',
    5,
    {},
    { occurred: 'x' },
    { id: 'x' },
    { ...after, id: 5 },
    { ...after, occurred: 5 },
  ]) {
    expect([wrong, place({ token: 't', after: wrong })]).toEqual([wrong, ['body.after']]);
  }
  for (const wrong of [5, 'x', []]) expect(place(wrong)).not.toBe('taken');
});
