/**
 * One process to a data folder. On Linux the kernel holds the lock: an abstract socket named after the folder, gone
 * with its process however that ends. A socket in the folder tells holders in other containers apart from dead ones,
 * and `LOCK` says in JSON who it is (and, where there are no such sockets, whether that process still lives).
 */
import { readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import { codeOf } from '../base/file-port.ts';
import { makeFolder } from '../base/make-folder.ts';

export interface Lock {
  release(): Promise<void>;
}

/** Makes the folder if there is none. Rejects with StartRefused, which says who holds it. */
export async function acquireLock(dataDir: string): Promise<Lock> {
  makeFolder(dataDir);
  const { dev, ino } = statSync(dataDir, { bigint: true });
  const path = join(dataDir, 'LOCK');
  const kernelLock = process.platform === 'linux' ? await listen(`\0sluice-${dev}-${ino}`) : null;
  if (kernelLock === 'taken') throw held(dataDir, readHolder(path));
  const doorPath = `${path}.socket`;
  const holder = readHolder(path);
  if ((await isAnswered(doorPath)) || (holder !== null && isAlive(holder))) {
    kernelLock?.close();
    throw held(dataDir, holder);
  }
  rmSync(doorPath, { force: true });
  const door = await openDoor(doorPath);
  writeFileSync(`${path}.new`, `${JSON.stringify(thisProcess())}\n`);
  renameSync(`${path}.new`, path);
  return {
    async release() {
      rmSync(path, { force: true });
      await close(door);
      await close(kernelLock);
    },
  };
}

interface Holder {
  readonly version: 1;
  readonly pid: number;
  readonly host: string;
  /** ISO time. */
  readonly since: string;
  /** Boot and PID namespace in which `pid` means this process; empty where the system has none. */
  readonly scope: string;
  /** In ticks since the boot: a process that got the same pid later has another one. */
  readonly processStart: string;
}

function thisProcess(): Holder {
  const { pid } = process;
  return {
    version: 1,
    pid,
    host: hostname(),
    since: new Date().toISOString(),
    scope: scope(),
    processStart: processStart(pid),
  };
}

function held(dataDir: string, holder: Holder | null): StartRefused {
  const who = holder === null ? 'another process' : `process ${holder.pid} on ${holder.host} since ${holder.since}`;
  return new StartRefused(`The data folder ${dataDir} is in use by ${who}. Stop that one, or choose another folder.`);
}

function readHolder(path: string): Holder | null {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isHolder(content) ? content : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { version, pid, host, since } = value as Partial<Record<keyof Holder, unknown>>; // each field is checked next
  return version === 1 && typeof pid === 'number' && typeof host === 'string' && typeof since === 'string';
}

/** Whether it is surely another, living process; one of another host or container is left to the sockets. */
function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname() || holder.scope !== scope() || holder.pid === process.pid) return false;
  if (process.platform === 'linux') {
    return holder.processStart !== '' && processStart(holder.pid) === holder.processStart;
  }
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function scope(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/**
 * It has ended, though its parent has not asked for its exit code: in a container without an init that may be never.
 */
const endedStates = ['Z', 'X'];

/** Field 22 of /proc/<pid>/stat; empty if there is no such process, or it has ended. */
function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses that may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return endedStates.includes(fields[0] ?? '') ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

/** A socket's path is bounded by the system; in a folder with a longer one there is no door. */
const socketPathBytesMax = 100;

async function openDoor(path: string): Promise<Server | null> {
  if (Buffer.byteLength(path) > socketPathBytesMax) return null;
  const door = await listen(path).catch(() => null); // a file system without sockets: the kernel lock must do
  return door === 'taken' ? null : door;
}

function isAnswered(path: string): Promise<boolean> {
  if (Buffer.byteLength(path) > socketPathBytesMax) return Promise.resolve(false);
  return new Promise((resolve) => {
    const knock = createConnection(path);
    knock.once('connect', () => {
      knock.destroy();
      resolve(true);
    });
    knock.once('error', () => resolve(false));
  });
}

function listen(path: string): Promise<Server | 'taken'> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (codeOf(error) === 'EADDRINUSE' ? resolve('taken') : reject(error)));
    server.listen({ path, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}

function close(server: Server | null): Promise<void> {
  if (server === null) return Promise.resolve();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
