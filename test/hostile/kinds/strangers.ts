/** What another user of the machine may ask of the engine's port, and read in the data folder: nothing. */
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { asStranger, type StrangerAsk } from '../../../support/stranger.ts';
import { addressOf } from '../engine-address.ts';
import type { Field, HostileKind } from '../kind.ts';

const asksAtOnce = 200;
/** What no other user may read, however open the folder around it is (docs/SECURITY.md). */
const secrets = ['clickhouse', 'keys', 'access', 'audit'];

export const strangers: HostileKind = {
  name: 'strangers',
  about: 'user nobody asks the engine’s port by every path, name, method and class of statement, and reads the folder',
  expects: ['refused', 'not read: EACCES'],
  async attack(field) {
    const { server, tally } = field;
    // As open as a folder can be in which the operator put the data.
    chmodSync(server.dataDir, 0o755);
    while (!field.isOver()) {
      const asks = Array.from({ length: asksAtOnce }, () => anAsk(field));
      const files = secrets.flatMap((name) => filesIn(join(server.dataDir, name)));
      const { answers, reads } = await asStranger(asks, files);
      for (const [at, { status, text, headers }] of answers.entries()) {
        // Other methods than those of a query are refused before the path is looked at.
        const isRefused = status === 404 ? !/exception/i.test(text) : status === 501 && text === '';
        if (isRefused && !('access-control-allow-origin' in headers)) tally.add(`refused ${status}`);
        else field.fault(`User nobody was answered ${status} to ${JSON.stringify(asks[at])}: ${text.slice(0, 200)}`);
      }
      for (const [at, read] of reads.entries()) {
        if ('code' in read) tally.add(`not read: ${read.code}`);
        else field.fault(`User nobody could read ${files[at]}`);
      }
    }
  },
};

/** The file itself, or those of the folder; folders in it, too. */
function filesIn(path: string): string[] {
  const about = statSync(path, { throwIfNoEntry: false });
  if (about === undefined) return [];
  return about.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
}

function anAsk(field: Field): StrangerAsk {
  const { by, server } = field;
  const { port } = addressOf(server.dataDir);
  const statement = by.pick(statements)(server.dataDir);
  const method = by.pick(['GET', 'POST', 'POST', 'PUT', 'OPTIONS'] as const);
  const query = by.chance(0.5) ? `?query=${encodeURIComponent(statement)}` : '?add_http_cors_header=1';
  return {
    url: `http://127.0.0.1:${port}${pathOf(field)}${query}`,
    method,
    headers: { ...headersOf(field), ...(by.chance(0.3) && { origin: 'http://a.page' }) },
    ...((method === 'POST' || method === 'PUT') && { body: statement }),
  };
}

/** A known handler, or a path that is nearly the right one. */
function pathOf({ by, server }: Field): string {
  const { path } = addressOf(server.dataDir);
  const at = 1 + by.below(path.length - 1);
  const other = path[at] === 'A' ? 'B' : 'A';
  return by.weighed<string>([
    [6, () => by.pick(['/', '/ping', '/play', '/metrics', '/dashboard', '/replicas_status', '/query', '//', '/..%2f'])],
    [1, () => `${path.slice(0, at)}${other}${path.slice(at + 1)}`],
    [1, () => path.slice(0, at)],
    [1, () => `${path}${by.pick(['/', 'A', '%00'])}`],
    [1, () => `/${by.id()}`],
  ]);
}

function headersOf({ by }: Field): Record<string, string> {
  const user = by.pick(['default', 'sluice', 'root', '']);
  const password = by.pick(['', 'wrong', by.id()]);
  return by.pick<Record<string, string>>([
    {},
    { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
    { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password },
    { authorization: `Bearer ${by.id()}` },
  ]);
}

const statements: readonly ((dataDir: string) => string)[] = [
  () => 'SELECT 1',
  () => 'SELECT count() FROM sluice.events',
  () => 'SELECT query FROM system.processes',
  () => 'SHOW GRANTS',
  (dataDir) => `SELECT * FROM file('${dataDir}/keys', LineAsString)`,
  () => `SELECT * FROM url('http://127.0.0.1:1', LineAsString, 'line String')`,
  (dataDir) => `CREATE TABLE default.parent (line String) ENGINE = File(LineAsString, '${dataDir}/keys')`,
  () => `CREATE TABLE _local.parent (line String) ENGINE = File(LineAsString, '/etc/passwd')`,
  () => 'INSERT INTO sluice.journals SELECT * FROM sluice.journals',
  () => 'ALTER TABLE sluice.events DELETE WHERE 1',
  () => 'DROP DATABASE sluice',
  () => 'SYSTEM STOP LISTEN HTTP',
  () => 'SYSTEM SHUTDOWN',
  () => 'KILL QUERY WHERE 1',
  () => 'GRANT ALL ON *.* TO default',
  () => 'CREATE USER made',
  () => 'BACKUP DATABASE sluice TO Disk(default, x)',
  () => 'SET readonly = 0',
];
