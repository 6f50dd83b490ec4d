/**
 * A power cut on a data folder whose processes are dead: of each file what was synced (durable-copy.ts) stays, and of
 * all else any subset, by seed: 4 kB pages, sizes, and names of directories. ClickHouse's own files are left as kill -9
 * left them.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inodeOf, type NamesLine } from '../../src/journal/durable-copy.ts';
import type { Random } from './random.ts';

/** What a cut changed: for the result. */
export interface CutReport {
  /** Names that were gone, or came back, and files of which a page or the size was not as written. */
  readonly names: number;
  readonly files: number;
}

type Folder = Map<string, Folder | Buffer>;

const pageBytes = 4096;
/** ClickHouse's folder, and sockets. */
const notOurs = /^(clickhouse|LOCK\.socket)$/;

export function cutPower(dataDir: string, copyFolder: string, random: Random): CutReport {
  const synced = readNames(copyFolder);
  const pathOf = new Map<string, string>();
  noteInodes(dataDir, pathOf);
  const settled = new Map<string, Buffer>();
  const report = { names: 0, files: 0 };

  function settleFolder(directory: string): Folder {
    const now = entriesOf(directory);
    const before = synced.get(directory) ?? new Map();
    const folder: Folder = new Map();
    for (const name of new Set([...now.keys(), ...before.keys()])) {
      const isSame = now.get(name) === before.get(name);
      const isNow = isSame || random.below(2) === 0;
      const survivor = isNow ? now.get(name) : before.get(name);
      if (!isNow) report.names += 1;
      if (survivor === undefined) continue;
      const path = join(directory, name);
      folder.set(name, survivor === null ? settleFolder(path) : settleFile(survivor));
    }
    return folder;
  }

  function settleFile(inode: string): Buffer {
    const known = settled.get(inode);
    if (known !== undefined) return known;
    const path = pathOf.get(inode);
    const copy = join(copyFolder, 'files', inode);
    const old = existsSync(copy) ? readFileSync(copy) : Buffer.alloc(0);
    const data = path === undefined ? old : readFileSync(path);
    const kept = mix(data, old, random);
    if (!kept.equals(data)) report.files += 1;
    settled.set(inode, kept);
    return kept;
  }

  const survived = settleFolder(dataDir);
  for (const name of entriesOf(dataDir).keys()) rmSync(join(dataDir, name), { recursive: true });
  rmSync(copyFolder, { recursive: true, force: true });
  mkdirSync(join(copyFolder, 'files'), { recursive: true });
  reboot(survived);
  writeFolder(dataDir, survived, copyFolder);
  return report;
}

/** Pages of either, the size of either or between them. */
function mix(data: Buffer, old: Buffer, random: Random): Buffer {
  const between = Math.min(data.length, old.length) + random.below(Math.abs(data.length - old.length) + 1);
  const kept = Buffer.alloc([data.length, old.length, between][random.below(3)] ?? data.length);
  for (let at = 0; at < kept.length; at += pageBytes) {
    const source = random.below(2) === 0 ? data : old;
    source.subarray(at, at + pageBytes).copy(kept, at);
  }
  return kept;
}

/** The machine has another boot id now; what the folder says of the last run stands for the old one's. */
function reboot(folder: Folder): void {
  const boot = folder.get('boot');
  if (!Buffer.isBuffer(boot)) return;
  folder.set('boot', Buffer.from(boot.toString().replace(/("bootId":")[^"]*/, `$1${randomUUID()}`)));
}

/** After a start all that is there is on the disk. */
function writeFolder(directory: string, folder: Folder, copyFolder: string): void {
  for (const [name, entry] of folder) {
    const path = join(directory, name);
    if (Buffer.isBuffer(entry)) {
      writeFileSync(path, entry, { mode: name === 'keys' ? 0o600 : 0o640 });
      writeFileSync(join(copyFolder, 'files', inodeOf(path) ?? ''), entry);
    } else {
      mkdirSync(path);
      writeFolder(path, entry, copyFolder);
    }
  }
  const line: NamesLine = { directory, entries: Object.fromEntries(entriesOf(directory)) };
  writeFileSync(join(copyFolder, 'names'), `${JSON.stringify(line)}\n`, { flag: 'a' });
}

/** The newest line of each directory counts; one that a kill cut off does not. */
function readNames(copyFolder: string): Map<string, Map<string, string | null>> {
  const path = join(copyFolder, 'names');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  return new Map(
    lines.map((line) => {
      const { directory, entries } = JSON.parse(line) as NamesLine; // durable-copy.ts writes these
      return [directory, new Map(Object.entries(entries).filter(([name]) => !notOurs.test(name)))] as const;
    }),
  );
}

function entriesOf(directory: string): Map<string, string | null> {
  const names = readdirSync(directory).filter((name) => !notOurs.test(name));
  return new Map(names.map((name) => [name, inodeOf(join(directory, name))]));
}

function noteInodes(directory: string, pathOf: Map<string, string>): void {
  for (const [name, inode] of entriesOf(directory)) {
    const path = join(directory, name);
    if (inode === null) noteInodes(path, pathOf);
    else pathOf.set(inode, path);
  }
}
