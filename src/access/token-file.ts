/**
 * `access/tokens.json` in the data folder, mode 0600: read as a whole, and replaced as a whole under a lock, so that
 * two commands at once lose nothing. A running server sees a change by the file's time and inode.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { StartRefused } from '../base/errors.ts';
import { codeOf, nodeFiles } from '../base/file-port.ts';
import { readSmallFile, replaceSmallFile } from '../base/small-file.ts';
import { readRecord, type TokenRecord } from './token-record.ts';

/** Where tokens are kept, as commands change them. */
export interface TokenStore {
  read(): Promise<readonly TokenRecord[]>;
  /** Replaces them by what `change` makes of them; it may be called again where somebody else was quicker. */
  change(change: ChangeTokens): Promise<void>;
}

export type ChangeTokens = (records: readonly TokenRecord[]) => readonly TokenRecord[];

const accessFolder = (dataDir: string): string => join(dataDir, 'access');
const fileName = 'tokens.json';
export const tokensPath = (dataDir: string): string => join(accessFolder(dataDir), fileName);
const version = 1;
const lockMs = 10_000;

/** Empty if there is no file. Throws StartRefused for one that cannot be understood: it must not open the server. */
export function readTokens(dataDir: string): readonly TokenRecord[] {
  const path = tokensPath(dataDir);
  const text = readSmallFile(nodeFiles, path);
  const records = text === null ? [] : parseTokens(text);
  if (records === null) {
    throw new StartRefused(
      `${path} holds no tokens of version ${version}; put a good copy in its place, or delete it to have none.`,
    );
  }
  return records;
}

/** Of one data folder. */
export function folderTokens(dataDir: string): TokenStore {
  return { read: async () => readTokens(dataDir), change: (change) => changeTokens(dataDir, change) };
}

/** Replaces the tokens by what `change` makes of them, once nobody else is at it. */
export async function changeTokens(dataDir: string, change: ChangeTokens): Promise<void> {
  const folder = accessFolder(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = join(folder, 'tokens.lock');
  await takeLock(lock);
  try {
    replaceSmallFile(nodeFiles, folder, fileName, contentOf(change(readTokens(dataDir))), { mode: 0o600 });
  } finally {
    rmSync(lock, { force: true });
  }
}

async function takeLock(path: string): Promise<void> {
  const deadline = Date.now() + lockMs;
  for (;;) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (Date.now() > deadline) {
      throw new StartRefused(`Another command holds ${path}. If none runs, delete that file.`);
    }
    await wait(50);
  }
}

/** As they stand in the file. */
export function contentOf(tokens: readonly TokenRecord[]): { readonly version: number; readonly tokens: unknown } {
  return { version, tokens };
}

/** Null for a text that is none of this version. */
export function parseTokens(text: string): readonly TokenRecord[] | null {
  try {
    const content: { version?: unknown; tokens?: unknown } = JSON.parse(text);
    if (content.version !== version || !Array.isArray(content.tokens)) return null;
    const records = content.tokens.map(readRecord);
    return records.every((record) => record !== null) ? records : null;
  } catch {
    return null;
  }
}
