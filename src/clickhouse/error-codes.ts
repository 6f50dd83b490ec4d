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
  /** One server does not reach another one, which its words may name. */
  readonly isOfServers?: boolean;
}

const row = (name: string, failure: FailureName, sentence: string): CodeRow => ({ name, failure, sentence });

const lost = (name: string, sentence: string): CodeRow => ({
  ...row(name, 'storeUnavailable', sentence),
  isOfServers: true,
});

const busy = 'ClickHouse runs as many queries as it may.';
const connections = 'ClickHouse does not reach its own servers.';
const broken = 'A connection between servers of ClickHouse broke off.';
const replicas = 'Replicas of ClickHouse are away or behind.';
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
  '198': lost('DNS_ERROR', connections),
  '209': lost('SOCKET_TIMEOUT', connections),
  '210': lost('NETWORK_ERROR', connections),
  '279': lost('ALL_CONNECTION_TRIES_FAILED', connections),
  '203': lost('NO_FREE_CONNECTION', connections),
  '297': lost('SHARD_HAS_NO_CONNECTIONS', connections),
  '519': lost('NO_REMOTE_SHARD_AVAILABLE', connections),
  // What a server reads of another one that dies. None of these says anything of rows (content-codes.ts).
  '3': lost('UNEXPECTED_END_OF_FILE', broken),
  '32': lost('ATTEMPT_TO_READ_AFTER_EOF', broken),
  '33': lost('CANNOT_READ_ALL_DATA', broken),
  '40': lost('CHECKSUM_DOESNT_MATCH', broken),
  '95': lost('CANNOT_READ_FROM_SOCKET', broken),
  '96': lost('CANNOT_WRITE_TO_SOCKET', broken),
  '99': lost('UNKNOWN_PACKET_FROM_CLIENT', broken),
  '100': lost('UNKNOWN_PACKET_FROM_SERVER', broken),
  '101': lost('UNEXPECTED_PACKET_FROM_CLIENT', broken),
  '102': lost('UNEXPECTED_PACKET_FROM_SERVER', broken),
  '1000': lost('POCO_EXCEPTION', broken),
  '234': row('NO_REPLICA_HAS_PART', 'storeUnavailable', replicas),
  '254': row('NO_ACTIVE_REPLICAS', 'storeUnavailable', replicas),
  '265': row('NO_AVAILABLE_REPLICA', 'storeUnavailable', replicas),
  '289': row('REPLICA_IS_NOT_IN_QUORUM', 'storeUnavailable', replicas),
  '369': row('ALL_REPLICAS_ARE_STALE', 'storeUnavailable', replicas),
  '415': row('ALL_REPLICAS_LOST', 'storeUnavailable', replicas),
  '341': row('UNFINISHED', 'storeUnavailable', 'Servers of ClickHouse have not finished a statement yet.'),
  '677': row('THREAD_WAS_CANCELED', 'storeUnavailable', 'The query was ended in ClickHouse.'),
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
  '701': row(
    'CLUSTER_DOESNT_EXIST',
    'storeUnavailable',
    'ClickHouse does not know the cluster of SLUICE_CLICKHOUSE_CLUSTER.',
  ),
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
