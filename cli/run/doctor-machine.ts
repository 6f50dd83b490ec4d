/** What a start of the server would find on this machine. */
import { constants, readFileSync } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { StartRefused, WrongUsage } from '../../src/base/errors.ts';
import { type Config, readConfig } from '../../src/config/config.ts';
import { UsageError } from '../exit-codes.ts';
import type { Finding } from './finding.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const mebibyte = 1024 * 1024;
/** Beside sockets: segments, engine, logs. */
const ownFiles = 256;

/** `url` is the server that is asked afterwards: its port may be taken. */
export async function machineFindings(config: Config | Finding, url: string): Promise<Finding[]> {
  const node = nodeFinding();
  if (!('dataDir' in config)) return [node, config];
  const settings: Finding = { name: 'settings', isOk: true, says: 'they can be read' };
  const asked = await Promise.all([
    folderFinding(config.dataDir),
    diskFinding(config),
    portFinding(config, url),
    engineFinding(config),
  ]);
  return [node, settings, ...asked, filesFinding(config), clockFinding()];
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOk = (major === 20 && minor >= 18) || major === 22 || major === 24;
  const way = isOk ? '' : ': install Node 20 (20.18.1 or later), 22 or 24';
  return { name: 'Node', isOk, says: `${process.version}${way}` };
}

/** As a start with these settings reads them. Throws UsageError for a bad flag. */
export function serverSettings(environment: Environment, flags: readonly string[]): Config | Finding {
  try {
    return readConfig(environment, flags);
  } catch (error) {
    if (error instanceof WrongUsage) throw new UsageError(error.message, { cause: error });
    if (error instanceof StartRefused) return { name: 'settings', isOk: false, says: error.message };
    throw error;
  }
}

async function folderFinding(path: string): Promise<Finding> {
  const name = 'data folder';
  const place = await nearest(path);
  const isOk = await access(place, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isOk) {
    return { name, isOk, says: `${place} may not be written: give it to this user, or set SLUICE_DATA_DIR` };
  }
  return { name, isOk, says: place === path ? `${path} can be written` : `${path} can be made` };
}

async function diskFinding({ dataDir, diskReserveBytes }: Config): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearest(dataDir));
  const free = bavail * bsize;
  const isOk = free > 2 * diskReserveBytes;
  const says = `${Math.round(free / mebibyte)} MiB are free`;
  const least = Math.round(diskReserveBytes / mebibyte);
  const way = `: intake stops at ${least} MiB; make room, or set SLUICE_DATA_DIR to a larger disk`;
  return { name: 'disk', isOk, says: isOk ? says : says + way };
}

async function portFinding({ host, port }: Config, url: string): Promise<Finding> {
  const name = 'port';
  if (port === 0) return { name, isOk: true, says: 'a free one is taken' };
  const server = createServer();
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve).listen(port, host, () => resolve(null));
  });
  await new Promise((resolve) => server.close(resolve));
  if (error === null) return { name, isOk: true, says: `${host}:${port} is free` };
  if (error.code === 'EADDRINUSE' && new URL(url).port === String(port)) {
    return { name, isOk: true, says: `${host}:${port} is taken, by the server that is asked below` };
  }
  const way = 'stop who has it, or set SLUICE_PORT and SLUICE_HOST';
  return { name, isOk: false, says: `${host}:${port} cannot be had (${error.code}): ${way}` };
}

async function engineFinding({ clickhouseUrl }: Config): Promise<Finding> {
  const name = 'ClickHouse';
  if (clickhouseUrl !== null) {
    const { origin, host } = new URL(clickhouseUrl);
    const answer = await fetch(`${origin}/ping`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
    const isOk = answer?.ok === true;
    return { name, isOk, says: `${host} ${isOk ? 'answers' : 'does not answer: start it, or mend CLICKHOUSE_URL'}` };
  }
  try {
    import.meta.resolve('chdb');
    return { name, isOk: true, says: 'embedded' };
  } catch {
    return { name, isOk: false, says: 'the embedded one was left out: run `npm ci`, or set CLICKHOUSE_URL' };
  }
}

function filesFinding({ socketsMax }: Config): Finding {
  const name = 'open files';
  const [, text = ''] = /^Max open files\s+(\S+)/m.exec(limits()) ?? [];
  const limit = text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text || Number.NaN);
  if (Number.isNaN(limit)) return { name, isOk: true, says: 'the system does not tell its limit' };
  const least = socketsMax + ownFiles;
  const isOk = limit >= least;
  const way = `: SLUICE_SOCKETS_MAX is ${socketsMax}; raise the limit (\`ulimit -n ${least}\`, \`LimitNOFILE=\`)`;
  return { name, isOk, says: `at most ${text}${isOk ? '' : way}` };
}

function clockFinding(): Finding {
  const now = new Date();
  const isOk = now.getUTCFullYear() >= 2026;
  return { name: 'clock', isOk, says: `${now.toISOString()}${isOk ? '' : ': set it, ids and times are made of it'}` };
}

function limits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/** The folder, or the first one above it that is there. */
async function nearest(path: string): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere || dirname(path) === path ? path : nearest(dirname(path));
}
