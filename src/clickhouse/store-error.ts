/**
 * What a failed statement means: one table from ClickHouse's error codes to a Failure, or to "these rows are refused".
 * ClickHouse's own words stay in `cause` and out of messages that peers see; RowsRefused has no cause, for they quote rows.
 */
import { ClickHouseError } from '@clickhouse/client';
import { Failure, type FailureName, StartRefused } from '../errors.ts';

/** ClickHouse refuses the content of an insert: no retry will help, the guilty row must be found. */
export class RowsRefused extends Error {
  override readonly name = 'RowsRefused';
}

/** Codes of https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp that a retry may mend or that name a limit. */
const failureOfCode: Readonly<Record<string, readonly [FailureName, string]>> = {
  '159': ['queryTimedOut', 'The query took longer than it may.'],
  '160': ['queryTimedOut', 'The query would take longer than it may.'],
  '202': ['tooManyQueries', 'ClickHouse runs as many queries as it may.'],
  '241': ['queryTooLarge', 'The query needs more memory than it may take.'],
  '396': ['queryTooLarge', 'The result is larger than it may be.'],
  '60': ['storeUnavailable', 'A table is missing in ClickHouse.'],
  '81': ['storeUnavailable', 'The database is missing in ClickHouse.'],
  '192': ['storeUnavailable', 'ClickHouse does not know the user of CLICKHOUSE_URL.'],
  '193': ['storeUnavailable', 'ClickHouse does not accept the password of CLICKHOUSE_URL.'],
  '194': ['storeUnavailable', 'ClickHouse asks for a password in CLICKHOUSE_URL.'],
  '497': ['storeUnavailable', 'The user of CLICKHOUSE_URL lacks a grant in ClickHouse.'],
  '516': ['storeUnavailable', 'ClickHouse does not accept the user and password of CLICKHOUSE_URL.'],
  '164': ['storeUnavailable', 'The user of CLICKHOUSE_URL may only read.'],
  '394': ['storeUnavailable', 'The query was ended in ClickHouse.'],
  '236': ['storeUnavailable', 'ClickHouse is shutting down.'],
};

/** Parse errors, out-of-range values, broken constraints: all that only the rows themselves can cause. */
const contentCodes = new Set(
  [
    '6',
    '25',
    '26',
    '27',
    '32',
    '33',
    '34',
    '38',
    '41',
    '53',
    '69',
    '70',
    '72',
    '117',
    '129',
    '131',
    '190',
    '376',
  ].concat(['407', '441', '469', '636', '675', '676', '677', '708']),
);

/** What a read or a command that failed is to its caller. */
export function readError(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof ClickHouseError)) return foreign(error);
  const known = failureOfCode[error.code];
  if (known !== undefined) return new Failure(known[0], known[1], { cause: error });
  return new Failure('internal', `ClickHouse refused a statement (code ${error.code}, ${error.type}).`, {
    cause: error,
  });
}

/** What an insert that failed is to the table writer: anything but a content error may pass, so it is worth a retry. */
export function insertError(error: unknown): Failure | RowsRefused {
  if (error instanceof Failure) return error;
  if (!(error instanceof ClickHouseError)) return foreign(error);
  if (contentCodes.has(error.code)) {
    return new RowsRefused(`ClickHouse refused the rows (code ${error.code}, ${error.type}).`);
  }
  const [failure, sentence] = failureOfCode[error.code] ?? [
    'storeUnavailable',
    `ClickHouse did not take the insert (code ${error.code}, ${error.type}).`,
  ];
  return new Failure(failure, sentence, { cause: withoutRows(error) });
}

/** The sentence, if the error says that this store must not be used. */
export function refusal(error: unknown): string | null {
  const refused = error instanceof StartRefused || (error instanceof Failure && error.failure === 'storeRefused');
  return refused ? error.message : null;
}

function withoutRows(error: ClickHouseError): Error {
  return new Error(`code ${error.code}, ${error.type}: ${error.message.split('\n')[0]?.slice(0, 200)}`);
}

/** An error that is none of ClickHouse's own. */
function foreign(error: unknown): Failure {
  if (error instanceof Error && /Field value too long|URI invalid or too long/.test(error.message)) {
    const sentence = 'The filter is longer than ClickHouse takes (its setting http_max_field_value_size).';
    return new Failure('queryTooLarge', sentence, { cause: error });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new Failure('storeUnavailable', `ClickHouse does not answer${code === '' ? '' : ` (${code})`}.`, {
    cause: error,
  });
}
