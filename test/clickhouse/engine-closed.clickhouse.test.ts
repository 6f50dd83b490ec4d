/**
 * Nobody but Sluice gets anything from the embedded engine: no other user of the machine, by no path and no user's
 * name, by no statement; and what Sluice's own user may do ends at its own tables.
 */
import { chmodSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Endpoint } from '../../src/clickhouse/endpoint.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { asStranger, type StrangerAsk } from '../../support/stranger.ts';

let opened: TestStore;
let endpoint: Endpoint;
let secretFile = '';

beforeAll(async () => {
  opened = await startTestStore();
  endpoint = await opened.endpoint();
  secretFile = join(opened.dataDir, 'secret-key');
  writeFileSync(secretFile, 'a secret of Sluice', { mode: 0o600 });
}, 90_000);
afterAll(() => opened?.stop());

/** One of each class of statement. */
function statements(): string[] {
  const file = secretFile;
  return [
    'SELECT 1',
    'SELECT count() FROM sluice.events',
    'SELECT query FROM system.processes',
    'SELECT sleep(1)',
    'SHOW DATABASES',
    'SHOW GRANTS',
    'EXPLAIN SELECT 1',
    `SELECT * FROM file('${file}', LineAsString)`,
    `SELECT file('${file}')`,
    `SELECT * FROM url('http://127.0.0.1:1', LineAsString, 'line String')`,
    `CREATE TABLE default.parent (line String) ENGINE = File(LineAsString, '${file}')`,
    `CREATE TABLE _local.parent (line String) ENGINE = File(LineAsString, '${file}')`,
    `CREATE TEMPORARY TABLE t (line String) ENGINE = File(LineAsString, '${file}')`,
    'INSERT INTO sluice.journals SELECT * FROM sluice.journals',
    'ALTER TABLE sluice.events DELETE WHERE 1',
    'DROP TABLE sluice.events',
    'SYSTEM STOP LISTEN HTTP',
    'SYSTEM START LISTEN TCP',
    'SYSTEM SHUTDOWN',
    'KILL QUERY WHERE 1',
    'GRANT ALL ON *.* TO default',
    'SET readonly = 0',
    'USE sluice',
  ];
}

const paths = [
  ...['/', '/ping', '/play', '/metrics', '/dashboard', '/replicas_status', '/binary', '/merges', '/jemalloc'],
  ...['/webterminal', '/js/uplot.js', '/query', '/index.html', '/.', '//', '/?', '/..%2f', '/%00', '/sluice'],
];

/** No name, that of the library's own session, and the right one with wrong passwords. */
function logins(): Record<string, string>[] {
  const basic = (user: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });
  return [
    {},
    basic('default', ''),
    basic(endpoint.username, ''),
    basic(endpoint.username, 'wrong'),
    { 'X-ClickHouse-User': 'default' },
    // Not even the password opens another path.
    { 'X-ClickHouse-User': endpoint.username, 'X-ClickHouse-Key': endpoint.password },
  ];
}

const origin = { origin: 'http://a.page' };

function asks(url: string): StrangerAsk[] {
  const found: StrangerAsk[] = [];
  for (const headers of logins()) {
    for (const statement of statements()) {
      const query = encodeURIComponent(statement);
      found.push({ url: `${url}/`, method: 'POST', headers, body: statement });
      found.push({
        url: `${url}/?add_http_cors_header=1&query=${query}`,
        method: 'GET',
        headers: { ...headers, ...origin },
      });
    }
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT'] as const) {
        found.push({
          url: `${url}${path}`,
          method,
          headers: { ...headers, ...origin },
          ...(method !== 'GET' && { body: 'SELECT 1' }),
        });
      }
      found.push({ url: `${url}${path}`, method: 'OPTIONS', headers: { ...headers, ...origin } });
    }
  }
  // One character of the path wrong, one missing, one more; and what would be the path but for a slash.
  const { pathname } = endpoint;
  const last = pathname.at(-1) === 'A' ? 'B' : 'A';
  for (const near of [
    `${pathname.slice(0, -1)}${last}`,
    pathname.slice(0, -1),
    `${pathname}A`,
    `${pathname}/`,
    `/${pathname}`,
  ]) {
    found.push({ url: `${url}${near}?query=SELECT%201`, method: 'GET', headers: {} });
  }
  return found;
}

test('another user of the machine gets 404 by every path, name and statement, without a header for browsers', async () => {
  const wanted = asks(endpoint.url);
  const { answers } = await asStranger(wanted, []);
  expect(answers).toHaveLength(wanted.length);
  const told = answers.map(({ status, text, headers }, at) => ({
    ...wanted[at],
    // Other methods than those of a query are refused before the path is looked at.
    isRefused: status === 404 || (status === 501 && /OPTIONS|PUT/.test(wanted[at]?.method ?? '')),
    tells: /exception|secret of sluice/i.test(text) || (status !== 404 && text !== ''),
    allows: 'access-control-allow-origin' in headers,
  }));
  expect(told.filter(({ isRefused, tells, allows }) => !isRefused || tells || allows)).toEqual([]);
  expect(await opened.store.rows('SELECT count() AS n FROM events', {})).toEqual([{ n: 0 }]);
}, 90_000);

test('the engine listens on one loopback port and nowhere else, and its arguments tell no secret', () => {
  const processId = String(opened.engine.processId);
  expect(listeningOf(processId)).toEqual([`0100007F:${Number(new URL(endpoint.url).port).toString(16).toUpperCase()}`]);
  const told =
    readFileSync(`/proc/${processId}/cmdline`, 'latin1') + readFileSync(`/proc/${processId}/environ`, 'latin1');
  expect(told).not.toContain(endpoint.pathname.slice(1));
  expect(told).not.toContain(endpoint.password);
});

test('another user of the machine can read none of the engine files', async () => {
  const files = ['config.xml', 'users.xml', 'data'].map((name) => join(opened.dataDir, 'clickhouse', name));
  // As open as a folder can be in which the operator put the data.
  chmodSync(opened.dataDir, 0o755);
  const { reads } = await asStranger([], files);
  if (process.getuid?.() === 0) expect(reads).toEqual(files.map(() => ({ code: 'EACCES' })));
});

test('the path and the password are others at each start, and the password is on no disk', () => {
  expect(endpoint.pathname).toMatch(/^\/[\w-]{43}$/);
  expect(endpoint.password).toMatch(/^[\w-]{43}$/);
  for (const name of ['config.xml', 'users.xml']) {
    expect(readFileSync(join(opened.dataDir, 'clickhouse', name), 'utf8')).not.toContain(endpoint.password);
  }
});

test("the library's own user, did it know the path, could make no table that stays, and reach no table of Sluice", async () => {
  const ask = async (statement: string): Promise<string> => {
    const answer = await fetch(`${endpoint.url}${endpoint.pathname}`, { method: 'POST', body: statement });
    return await answer.text();
  };
  expect(await ask('SELECT currentUser()')).toBe('default\n');
  for (const statement of statements().filter((each) =>
    /sluice\.|CREATE TABLE|file\('.*Line|url\(|GRANT ALL|SHUTDOWN/.test(each),
  )) {
    expect(await ask(statement), statement).toMatch(/ACCESS_DENIED|UNKNOWN_DATABASE/);
  }
});

const outside = [
  (file: string) => `SELECT * FROM file('${file}', LineAsString)`,
  (file: string) => `INSERT INTO FUNCTION file('${file}2', LineAsString, 'line String') SELECT 'x'`,
  () => `SELECT * FROM url('http://127.0.0.1:1', LineAsString, 'line String')`,
  () => `SELECT * FROM s3('http://127.0.0.1:1/bucket/x', LineAsString, 'line String')`,
  () => `SELECT * FROM hdfs('hdfs://127.0.0.1/x', LineAsString, 'line String')`,
  () => `SELECT * FROM remote('127.0.0.1:9000', system.one)`,
  () => `SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')`,
  () => `SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')`,
  () => `SELECT * FROM mongodb('127.0.0.1:1', 'd', 't', 'u', 'p', 'a String')`,
  () => `SELECT * FROM redis('127.0.0.1:1', 'a', 'a String')`,
  (file: string) => `SELECT * FROM sqlite('${file}', 't')`,
  () => `SELECT * FROM odbc('DSN=x', 't')`,
  () => `SELECT * FROM jdbc('x', 't')`,
  () => `SELECT * FROM executable('id', LineAsString, 'a String')`,
  () => `SELECT * FROM icebergLocal('/etc')`,
  () => `SELECT * FROM filesystem('/etc')`,
  (file: string) => `SELECT * FROM \`${file}\``,
  (file: string) => `SELECT 1 INTO OUTFILE '${file}3'`,
  (file: string) => `CREATE TABLE made (line String) ENGINE = File(LineAsString, '${file}')`,
  () => `CREATE TABLE made (line String) ENGINE = URL('http://127.0.0.1:1', LineAsString)`,
  () => `CREATE TABLE made (line String) ENGINE = Executable('id', LineAsString)`,
  () =>
    "CREATE TABLE made (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = web, endpoint = 'http://127.0.0.1:1/')",
  () => `CREATE TABLE made (a UInt8) ENGINE = Distributed(one, sluice, events)`,
  () => `CREATE DATABASE made ENGINE = Filesystem('/etc')`,
  () => `CREATE DATABASE made ENGINE = MySQL('127.0.0.1:1', 'd', 'u', 'p')`,
  () => `CREATE DATABASE made ENGINE = SQLite('/tmp/x')`,
  () =>
    `CREATE DICTIONARY made (id UInt64, line String) PRIMARY KEY id SOURCE(FILE(path '/etc/passwd' format 'LineAsString')) LIFETIME(0) LAYOUT(FLAT())`,
  () => 'CREATE FUNCTION made AS (x) -> x',
  () => 'CREATE USER made',
  () => 'CREATE NAMED COLLECTION made AS a = 1',
  () => 'GRANT ALL ON *.* TO sluice',
  (file: string) => `BACKUP TABLE events TO File('${file}4')`,
  () => "ALTER TABLE events FREEZE WITH NAME '../../x'",
  () => `ALTER TABLE events FETCH PARTITION ('2026-01-01', 0, 0) FROM '/x'`,
  () => `ATTACH TABLE made FROM '/etc' (a UInt8) ENGINE = MergeTree ORDER BY a`,
  () => 'SYSTEM STOP LISTEN HTTP',
  () => 'SYSTEM SHUTDOWN',
  () => 'SELECT 1 SETTINGS add_http_cors_header = 1',
];

test.each(outside.map((statement) => [statement('FILE'), statement] as const))(
  "Sluice's own user is refused: %s",
  async (_, statement) => {
    const { url, pathname, username, password } = endpoint;
    const answer = await fetch(`${url}${pathname}?database=sluice`, {
      method: 'POST',
      headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password },
      body: statement(secretFile),
    });
    const text = await answer.text();
    expect(answer.status, text).not.toBe(200);
    expect(text).toMatch(
      /ACCESS_DENIED|INTO_OUTFILE_NOT_ALLOWED|SETTING_CONSTRAINT_VIOLATION|user scripts folder|PATH_ACCESS_DENIED|UNKNOWN_TABLE/,
    );
    expect(readdirSync(opened.dataDir).filter((name) => name.startsWith('secret-key'))).toEqual(['secret-key']);
  },
);

/** Where a process listens: TCP addresses as the kernel prints them, and paths of Unix sockets. */
function listeningOf(processId: string): string[] {
  const inodes = new Set<string>();
  for (const name of readdirSync(`/proc/${processId}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${processId}/fd/${name}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // Closed since.
    }
  }
  const rows = (file: string) => readFileSync(`/proc/${processId}/net/${file}`, 'utf8').split('\n').slice(1);
  const tcp = ['tcp', 'tcp6'].flatMap(rows).map((line) => line.trim().split(/\s+/));
  const found = tcp.filter((cells) => cells[3] === '0A' && inodes.has(cells[9] ?? '')).map((cells) => cells[1] ?? '');
  const unix = rows('unix').map((line) => line.trim().split(/\s+/));
  return [
    ...found,
    ...unix.filter((cells) => cells[3] === '00010000' && inodes.has(cells[6] ?? '')).map((cells) => cells[7] ?? ''),
  ];
}
