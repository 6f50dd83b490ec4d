/**
 * What an error code of ClickHouse means to who asked: one table. A failure that has a time for trying again passes
 * (src/base/errors.ts); any other stays, and ends what was asked by its name. Codes that are in no row are `internal`:
 * a statement of ours that is wrong.
 */
import type { FailureName } from '../base/errors.ts';

export interface CodeRow {
  /** As https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp has it. */
  readonly name: string;
  readonly failure: FailureName;
  /** What a peer may see. */
  readonly sentence: string;
}

const row = (name: string, failure: FailureName, sentence: string): CodeRow => ({ name, failure, sentence });

const busy = 'ClickHouse runs as many queries as it may.';
const connections = 'ClickHouse does not reach its own servers.';
const quorum = 'Too few replicas of ClickHouse answer.';
const disk = 'ClickHouse cannot use its disk.';
const tooLarge = 'The query is larger than ClickHouse takes.';

export const codeRows: Readonly<Record<string, CodeRow>> = {
  // Passes by itself.
  '159': row('TIMEOUT_EXCEEDED', 'queryTimedOut', 'The query took longer than it may.'),
  '160': row('TOO_SLOW', 'queryTimedOut', 'The query would take longer than it may.'),
  '201': row('QUOTA_EXCEEDED', 'tooManyQueries', 'The quota of the user of CLICKHOUSE_URL is used up.'),
  '202': row('TOO_MANY_SIMULTANEOUS_QUERIES', 'tooManyQueries', busy),
  '745': row('SERVER_OVERLOADED', 'tooManyQueries', busy),
  '439': row('CANNOT_SCHEDULE_TASK', 'tooManyQueries', busy),
  '173': row('CANNOT_ALLOCATE_MEMORY', 'tooManyQueries', 'ClickHouse has no memory to spare.'),
  '198': row('DNS_ERROR', 'storeUnavailable', connections),
  '209': row('SOCKET_TIMEOUT', 'storeUnavailable', connections),
  '210': row('NETWORK_ERROR', 'storeUnavailable', connections),
  '279': row('ALL_CONNECTION_TRIES_FAILED', 'storeUnavailable', connections),
  '225': row('NO_ZOOKEEPER', 'storeUnavailable', 'ClickHouse has lost its Keeper.'),
  '999': row('KEEPER_EXCEPTION', 'storeUnavailable', 'ClickHouse has lost its Keeper.'),
  '242': row('TABLE_IS_READ_ONLY', 'storeUnavailable', 'A table of ClickHouse is read-only.'),
  '252': row('TOO_MANY_PARTS', 'storeUnavailable', 'ClickHouse has more parts to merge than it takes.'),
  '285': row('TOO_FEW_LIVE_REPLICAS', 'storeUnavailable', quorum),
  '286': row('UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE', 'storeUnavailable', quorum),
  '319': row('UNKNOWN_STATUS_OF_INSERT', 'storeUnavailable', 'ClickHouse does not know whether it has the rows.'),
  '473': row('DEADLOCK_AVOIDED', 'storeUnavailable', 'A table of ClickHouse is locked.'),
  '74': row('CANNOT_READ_FROM_FILE_DESCRIPTOR', 'storeUnavailable', disk),
  '75': row('CANNOT_WRITE_TO_FILE_DESCRIPTOR', 'storeUnavailable', disk),
  '76': row('CANNOT_OPEN_FILE', 'storeUnavailable', disk),
  '243': row('NOT_ENOUGH_SPACE', 'storeUnavailable', disk),
  '499': row('S3_ERROR', 'storeUnavailable', disk),
  '394': row('QUERY_WAS_CANCELLED', 'storeUnavailable', 'The query was ended in ClickHouse.'),
  '236': row('ABORTED', 'storeUnavailable', 'ClickHouse is shutting down.'),

  // Passes once an operator has acted.
  '60': row('UNKNOWN_TABLE', 'storeUnavailable', 'A table is missing in ClickHouse.'),
  '81': row('UNKNOWN_DATABASE', 'storeUnavailable', 'The database is missing in ClickHouse.'),
  '192': row('UNKNOWN_USER', 'storeUnavailable', 'ClickHouse does not know the user of CLICKHOUSE_URL.'),
  '193': row('WRONG_PASSWORD', 'storeUnavailable', 'ClickHouse does not accept the password of CLICKHOUSE_URL.'),
  '194': row('REQUIRED_PASSWORD', 'storeUnavailable', 'ClickHouse asks for a password in CLICKHOUSE_URL.'),
  '497': row('ACCESS_DENIED', 'storeUnavailable', 'The user of CLICKHOUSE_URL lacks a grant in ClickHouse.'),
  '516': row(
    'AUTHENTICATION_FAILED',
    'storeUnavailable',
    'ClickHouse does not accept the user and password of CLICKHOUSE_URL.',
  ),
  '164': row('READONLY', 'storeUnavailable', 'The user of CLICKHOUSE_URL may only read.'),
  '452': row(
    'SETTING_CONSTRAINT_VIOLATION',
    'storeUnavailable',
    'The profile of the user of CLICKHOUSE_URL forbids a setting.',
  ),

  // Stays: the same question gets the same answer.
  '241': row('MEMORY_LIMIT_EXCEEDED', 'queryTooLarge', 'The query needs more memory than it may take.'),
  '396': row('TOO_MANY_ROWS_OR_BYTES', 'queryTooLarge', 'The result is larger than it may be.'),
  '158': row('TOO_MANY_ROWS', 'queryTooLarge', 'The query reads more rows than it may.'),
  '307': row('TOO_MANY_BYTES', 'queryTooLarge', 'The query reads more bytes than it may.'),
  '162': row('TOO_DEEP_SUBQUERIES', 'queryTooLarge', tooLarge),
  '167': row('TOO_DEEP_AST', 'queryTooLarge', tooLarge),
  '168': row('TOO_BIG_AST', 'queryTooLarge', tooLarge),
  '191': row('SET_SIZE_LIMIT_EXCEEDED', 'queryTooLarge', tooLarge),
  '306': row('TOO_DEEP_RECURSION', 'queryTooLarge', tooLarge),
  '427': row('CANNOT_COMPILE_REGEXP', 'queryTooLarge', 'The values with * or ? are longer than ClickHouse takes.'),
};

/** Of an insert: parse errors, values out of range, broken constraints, all that only the rows themselves can cause. */
export const contentCodes: ReadonlySet<string> = new Set([
  ...['6', '25', '26', '27', '32', '33', '34', '38', '41', '53', '69', '70', '72', '117', '129', '131', '190', '376'],
  ...['407', '441', '469', '636', '675', '676', '677', '708'],
]);
