/**
 * I4: what an error of ClickHouse means. What passes may be tried again, what stays ends by its name, and rows are
 * refused for their content only.
 */
import { ClickHouseError } from '@clickhouse/client';
import { expect, test } from 'vitest';
import { Failure, failures } from '../../src/base/errors.ts';
import { codeRows, contentCodes } from '../../src/clickhouse/error-codes.ts';
import { insertError, NamelessAnswer, RowsRefused, readError } from '../../src/clickhouse/store-error.ts';

const error = (code: string, message = 'words of ClickHouse') => new ClickHouseError({ message, code, type: 'NAME' });
const passes = (failure: Failure) => 'retryAfterSeconds' in failures[failure.failure];

test.each(Object.entries(codeRows))('code %s is what its row says, of a read and of an insert', (code, row) => {
  for (const failure of [readError(error(code)), insertError(error(code))]) {
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ failure: row.failure, message: row.sentence });
  }
});

test('a code of content refuses rows, and is in no other row; of a read it is a statement of ours that is wrong', () => {
  for (const code of contentCodes) {
    expect(codeRows[code]).toBeUndefined();
    expect(insertError(error(code))).toBeInstanceOf(RowsRefused);
    expect(readError(error(code))).toMatchObject({ failure: 'internal' });
  }
});

test('a code of no row: a read ends, an insert is tried again, for no event may be lost', () => {
  expect(readError(error('9999'))).toMatchObject({ failure: 'internal' });
  expect(insertError(error('9999'))).toMatchObject({ failure: 'storeUnavailable' });
});

test('no sentence shows the words of ClickHouse, which may quote rows', () => {
  for (const code of [...Object.keys(codeRows), '9999']) {
    expect((readError(error(code)) as Failure).message).not.toContain('words of ClickHouse');
  }
});

test.each([
  ['the memory of one query stays', '241', 'Query memory limit exceeded: would use 1 GiB', false],
  ['the memory of the server passes', '241', '(total) memory limit exceeded: would use 2 GiB', true],
  ['a statement that is too long stays', '62', 'Max query size exceeded', false],
])('%s', (_, code, message, isPassing) => {
  const failure = readError(error(code, message));
  expect(passes(failure)).toBe(isPassing);
  expect(failure.failure).not.toBe('internal');
});

test.each([
  ['HTML Form Exception: Too many form fields', 500, 'queryTooLarge'],
  ['HTML Form Exception: Field value too long', 500, 'queryTooLarge'],
  ['Request Entity Too Large', 413, 'queryTooLarge'],
  ['Bad Gateway', 502, 'storeUnavailable'],
  ['Service Unavailable', 503, 'storeUnavailable'],
  ['Unauthorized', 401, 'storeUnavailable'],
  ['There is no handle', 404, 'storeUnavailable'],
  ['Bad Request', 400, 'internal'],
  ['std::exception. Code: 1001', 500, 'internal'],
])('an answer without a name, "%s" with status %d, is %s: it was answered', (text, status, failure) => {
  const told = readError(new NamelessAnswer(status, text));
  expect(told.failure).toBe(failure);
  expect(told.message).not.toContain('does not answer');
});

test('no answer at all is an outage', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  expect(readError(refused)).toMatchObject({
    failure: 'storeUnavailable',
    message: 'ClickHouse does not answer (ECONNREFUSED).',
  });
});
