/**
 * The real Prefect from PyPI, pinned: its venv in `.venv/` (made once, by whoever comes first) and its server as a
 * child process.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { lastLine, run } from './run-command.ts';
import { freePort, launchServer, type ServerProcess } from './server-process.ts';
import { installMs, takeTurn } from './take-turn.ts';

export const testedVersion = '3.8.8';
/**
 * What else a version needs: newer ones of these break it. The last two of the tested version are for the tests of
 * `integrations/prefect`.
 */
const pinsOf: Readonly<Record<string, string>> = {
  '3.0.11':
    'pydantic==2.9.2 pydantic-settings==2.5.2 fastapi==0.112.4 sqlalchemy==2.0.35 uvicorn==0.30.6 ' +
    'importlib_metadata<8.6 httpx==0.27.2 griffe<1.5',
  '3.2.15':
    'pydantic==2.10.6 pydantic-settings==2.8.1 fastapi==0.115.11 sqlalchemy==2.0.39 uvicorn==0.34.0 ' +
    'importlib_metadata<8.7 griffe<1.7',
  '3.4.25':
    'pydantic==2.11.10 pydantic-settings==2.11.0 fastapi==0.116.2 sqlalchemy==2.0.44 uvicorn==0.35.0 ' +
    'importlib_metadata<8.8',
  [testedVersion]: 'fastapi==0.139.0 starlette==1.0.1 pytest==9.2.0 hypothesis==6.170.17',
};
/** For text search the server wants SQLite 3.44; where the system's is older this one is swapped in. */
const sqlite = 'pysqlite3-binary==0.5.4.post2';
const swapSqlite = `import sqlite3, sys
if sqlite3.sqlite_version_info < (3, 44):
    try:
        import pysqlite3
        sys.modules["sqlite3"] = pysqlite3
        sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
    except ImportError:
        pass
`;
const pythons = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
const bounds = { timeout: installMs };
/** A net: on a machine that is full of other work a start takes minutes. */
const startMs = 600_000;

export type PrefectInstall =
  | { readonly found: true; readonly python: string; readonly siteDirectory: string }
  | { readonly found: false; readonly sentence: string };

/**
 * Makes the venv unless it is there already: `.venv` for the tested version, else one in `.tmp`, with `more` packages.
 * Never throws: where it cannot be had, a sentence says why.
 */
export async function installPrefect(
  root: string,
  version: string = testedVersion,
  more: readonly string[] = [],
): Promise<PrefectInstall> {
  const isUsual = version === testedVersion && more.length === 0;
  const folder = isUsual ? join(root, '.venv') : join(root, '.tmp', ['prefect', version, ...more].join('-'));
  const pins = [`prefect==${version}`, ...(pinsOf[version]?.split(' ') ?? []), ...more];
  const python = join(folder, 'bin', 'python');
  const siteDirectory = join(folder, 'swap');
  const marker = join(folder, 'pins.txt');
  const wanted = [...pins, sqlite].join('\n');
  const isThere = (): boolean => textOf(marker) === wanted;
  if (isThere()) return { found: true, python, siteDirectory };
  const base = await findPython();
  if (base === null)
    return { found: false, sentence: 'Skipped: the real Prefect needs Python 3.10 or later, which was not found.' };
  mkdirSync(dirname(folder), { recursive: true });
  const release = await takeTurn(`${folder}.lock`, isThere);
  try {
    if (isThere()) return { found: true, python, siteDirectory };
    const venv = await run(base, ['-m', 'venv', '--clear', folder], bounds);
    if (venv.code !== 0)
      return { found: false, sentence: `Skipped: Python cannot make a venv here: ${lastLine(venv.output)}` };
    const pip = await run(python, ['-m', 'pip', 'install', '--quiet', '--retries', '1', ...pins], bounds);
    if (pip.code !== 0) {
      return {
        found: false,
        sentence: `Skipped: the real Prefect could not be installed from PyPI: ${lastLine(pip.output)}`,
      };
    }
    await run(python, ['-m', 'pip', 'install', '--quiet', '--retries', '1', sqlite], bounds);
    mkdirSync(siteDirectory, { recursive: true });
    writeFileSync(join(siteDirectory, 'sitecustomize.py'), swapSqlite);
    writeFileSync(marker, wanted);
    return { found: true, python, siteDirectory };
  } finally {
    release();
  }
}

/** The environment of whatever runs Prefect's code on the data of a home. */
export function prefectEnvironment(install: PrefectInstall & { found: true }, home: string): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^PREFECT_/.test(name));
  return {
    ...Object.fromEntries(inherited),
    PYTHONPATH: install.siteDirectory,
    PREFECT_HOME: home,
    PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
    PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL: '0.1',
    // What a bench fills in is a week old at once.
    PREFECT_EVENTS_RETENTION_PERIOD: 'P60D',
    // At a million events some counts take longer than its 10 s, and then it answers 500.
    PREFECT_SERVER_DATABASE_TIMEOUT: '120',
  };
}

export interface PrefectOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A home that stays; by default one is made that goes with the server. */
  readonly home?: string;
  /** A free one by default. */
  readonly port?: number;
}

/** Starts the real Prefect server on a free port. */
export async function launchPrefect(
  install: PrefectInstall & { found: true },
  { env = {}, home: kept, port }: PrefectOptions = {},
): Promise<ServerProcess> {
  const home = kept ?? mkdtempSync(join(tmpdir(), 'prefect-home-'));
  const url = `http://127.0.0.1:${port ?? (await freePort())}`;
  const server = await launchServer({
    command: join(install.python, '..', 'prefect'),
    words: ['server', 'start', '--host', '127.0.0.1', '--port', new URL(url).port],
    directory: home,
    env: { ...prefectEnvironment(install, home), ...env },
    findUrl: async () => ((await fetch(`${url}/api/health`).catch(() => null))?.status === 200 ? url : null),
    startMs,
  });
  const afterwards = <Result>(result: Result): Result => {
    if (kept === undefined) rmSync(home, { recursive: true, force: true });
    return result;
  };
  return {
    ...server,
    stop: () => server.stop().then(afterwards),
    kill: () => server.kill().then(afterwards),
  };
}

async function findPython(): Promise<string | null> {
  for (const name of pythons) {
    const check = await run(name, ['-c', 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else 1)'], bounds);
    if (check.code === 0) return name;
  }
  return null;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
