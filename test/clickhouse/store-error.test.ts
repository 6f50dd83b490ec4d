/**
 * I4: what an error of ClickHouse means. What passes may be tried again, what stays ends by its name, and rows are
 * refused for their content only.
 */
import { ClickHouseError } from '@clickhouse/client';
import { expect, test } from 'vitest';
import { Failure, failures } from '../../src/base/errors.ts';
import { contentRows } from '../../src/clickhouse/content-codes.ts';
import { codeRows } from '../../src/clickhouse/error-codes.ts';
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
  for (const [code, { needsWords }] of Object.entries(contentRows)) {
    expect(codeRows[code]).toBeUndefined();
    expect(insertError(error(code, 'Cannot parse it: (at row 1)'))).toBeInstanceOf(RowsRefused);
    expect([code, insertError(error(code)) instanceof RowsRefused]).toEqual([code, !needsWords]);
    expect(readError(error(code))).toMatchObject({ failure: 'internal' });
  }
});

/** Of a stream that ends early, of statements, of threads. */
test.each(['32', '33', '34', '53', '70', '129', '636', '677', '708'])('code %s refuses no row', (code) => {
  expect(insertError(error(code, 'While executing TabSeparatedRowInputFormat'))).toMatchObject({
    failure: 'storeUnavailable',
  });
});

const insertionStatus = 'Insertion status:\nWrote 1 blocks and 1668 rows on shard 0 replica 0, 127.0.0.1:19101';

/** Each as a real server gave it while another one of its cluster was killed in the middle of an insert. */
test.each([
  [
    '32',
    `Attempt to read after eof: while receiving packet from 127.0.0.1:19102, local address: a: ${insertionStatus}`,
  ],
  ['33', `Cannot read all data: while receiving packet from 127.0.0.1:19102, local address: a: ${insertionStatus}`],
  ['32', 'Attempt to read after eof: (at row 9): while receiving packet from 127.0.0.1:19102: While executing'],
  [
    '279',
    'All connection tries failed. Log: \n\nCode: 210. DB::NetException: Connection refused (127.0.0.1:19102, local ' +
      'address: 127.0.0.1:55266). (NETWORK_ERROR)',
  ],
  ['210', 'Connection reset by peer, while reading from socket (peer: 127.0.0.1:19102, local: 127.0.0.1:25042)'],
  ['209', 'Timeout exceeded while reading from socket (127.0.0.1:19102, 300000 ms)'],
])(
  'code %s of a server that died refuses no row: the batch is sent again, and the server is named',
  (code, message) => {
    for (const failure of [insertError(error(code, message)), readError(error(code, message))]) {
      expect(failure).toMatchObject({
        failure: 'storeUnavailable',
        message: 'ClickHouse does not reach its server 127.0.0.1:19102.',
      });
    }
  },
);

test('a server is named by its host where that is not found, and not at all by words that name none', () => {
  const unknown = readError(error('198', 'Not found address of host: ch-2.example.org. (DNS_ERROR)'));
  expect(unknown.message).toBe('ClickHouse does not reach its server ch-2.example.org.');
  expect(readError(error('210', 'Net Exception: (at last)')).message).toBe(codeRows['210']?.sentence);
  expect(readError(error('60', 'no table (at:9)')).message).toBe(codeRows['60']?.sentence);
});

test('a code of content with the words of a connection refuses nothing', () => {
  for (const code of Object.keys(contentRows)) {
    const told = insertError(error(code, 'Cannot parse it: while receiving packet from ch-2:9000: (at row 1)'));
    expect([code, told]).toMatchObject([code, { failure: 'storeUnavailable' }]);
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
