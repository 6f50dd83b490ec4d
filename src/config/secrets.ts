/**
 * Secrets come by environment or by file, never by a flag: what stands in a command line, everybody on the machine
 * reads. One that is set but empty stops the start, for it would open the server to all.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { StartRefused, WrongUsage } from '../base/errors.ts';
import { codeOf } from '../base/file-port.ts';
import type { SettingRow } from './setting-row.ts';

const fileBytesMax = 64 * 1024;

/** The flag of a setting: `SLUICE_DATA_DIR` is `--data-dir`, `CLICKHOUSE_URL` is `--clickhouse-url`. */
export function flagOf(row: SettingRow): string {
  return `--${row.env
    .replace(/^SLUICE_/, '')
    .toLowerCase()
    .replaceAll('_', '-')}`;
}

/** The flag that names the file of a secret. */
export function fileFlagOf(row: SettingRow): string {
  return `${flagOf(row)}-file`;
}

/** The variables of a secret, and those that name its file. */
export function secretNames({ env, alias }: SettingRow): readonly string[] {
  return [env, alias].flatMap((name) => (name === undefined ? [] : [name, `${name}_FILE`]));
}

/** Null if it is not set. Throws StartRefused where it is empty, set twice, or its file cannot be read. */
export function readSecret(
  row: SettingRow,
  flags: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
): string | null {
  for (const name of secretNames(row)) {
    if (environment[name]?.trim() === '' && row.mayBeEmpty !== true) throw empty(name, 'set, but empty');
  }
  const file = flags.get(fileFlagOf(row));
  if (file !== undefined) return readSecretFile(fileFlagOf(row), file);
  const plain = flags.get(flagOf(row));
  if (plain !== undefined) return plain;
  for (const name of [row.env, row.alias]) {
    if (name === undefined) continue;
    const value = environment[name]?.trim() === '' ? undefined : environment[name];
    const path = environment[`${name}_FILE`] || undefined;
    if (value !== undefined && path !== undefined) {
      throw new StartRefused(`Both ${name} and ${name}_FILE are set: unset one, so that it is clear which holds.`);
    }
    if (value !== undefined) return value;
    if (path !== undefined) return readSecretFile(`${name}_FILE`, path);
  }
  return null;
}

/** Throws WrongUsage for a flag that holds a secret. */
export function refuseSecretFlag(row: SettingRow, value: string): void {
  // What stands between // and @ may be a user with a password, be it parsable or not.
  const parts = value.split(/,(?=https?:\/\/)/);
  if (row.hasFlag === true && !parts.some((part) => /\/\/[^@]*:[^@]*@/.test(part))) return;
  throw new WrongUsage(
    `${flagOf(row)} would show a secret to everybody on this machine: set ${row.env}, or name a file that ` +
      `holds it by ${fileFlagOf(row)}.`,
  );
}

function readSecretFile(name: string, path: string): string {
  const text = readBounded(name, path)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '');
  if (text.trim() === '') throw empty(name, `set to ${path}, which is empty`);
  return text;
}

function readBounded(name: string, path: string): Buffer {
  const bytes = Buffer.alloc(fileBytesMax + 1);
  let length = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (let got = -1; got !== 0 && length < bytes.length; length += got) {
        got = readSync(file, bytes, length, bytes.length - length, null);
      }
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const why = codeOf(cause) || String(cause);
    throw new StartRefused(`The file ${path} that ${name} names cannot be read (${why}). It must hold the secret.`, {
      cause,
    });
  }
  if (length > fileBytesMax) {
    throw new StartRefused(
      `The file ${path} that ${name} names is over ${fileBytesMax} bytes: it must hold the secret alone.`,
    );
  }
  return bytes.subarray(0, length);
}

function empty(name: string, how: string): StartRefused {
  return new StartRefused(`${name} is ${how}. Give it a value, or leave it out.`);
}
