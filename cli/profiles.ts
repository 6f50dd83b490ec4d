/**
 * Profiles: `$XDG_CONFIG_HOME/sluice/config.json`, `{"profile":NAME,"profiles":{NAME:{"url","token"|"token_file"}}}`.
 * A file that holds a token and that others may read is refused.
 */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CommandError, UsageError } from './exit-codes.ts';

export interface Profile {
  readonly url?: string;
  readonly token?: string;
  /** From the folder of the configuration on. */
  readonly tokenFile?: string;
}

export function configPath(environment: Readonly<Record<string, string | undefined>>): string {
  const home = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config');
  return join(home, 'sluice', 'config.json');
}

/** The profile of that name, or the file's own choice; empty where nothing is chosen. */
export function readProfile(path: string, name: string | undefined): Profile {
  const text = readIfThere(path);
  if (text === null) {
    if (name === undefined) return {};
    throw new UsageError(`There is no profile ${name}, for there is no ${path}.`);
  }
  const { profile: chosen, profiles = {} } = objectOf(path, parsed(path, text));
  const wanted = name ?? (chosen === undefined ? undefined : String(chosen));
  if (wanted === undefined) return {};
  const all = objectOf(path, profiles);
  if (!Object.hasOwn(all, wanted)) {
    throw new UsageError(`There is no profile ${wanted} in ${path} (there: ${Object.keys(all).join(', ') || 'none'}).`);
  }
  const { url, token, token_file: tokenFile } = objectOf(path, all[wanted]);
  if (token !== undefined && (statSync(path).mode & 0o077) !== 0) {
    throw new CommandError(`${path} holds a token and others may read it: run \`chmod 600 ${path}\`.`);
  }
  return {
    ...(url !== undefined && { url: String(url) }),
    ...(token !== undefined && { token: String(token) }),
    ...(tokenFile !== undefined && { tokenFile: resolve(dirname(path), String(tokenFile)) }),
  };
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new CommandError(`${path} cannot be read (${code}): give it to your user.`, undefined, { cause });
  }
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`${path} is no JSON: mend it, or move it away.`, undefined, { cause });
  }
}

function objectOf(path: string, value: unknown): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject) return value as Record<string, unknown>; // just seen
  throw new CommandError(`${path} must be {"profile":NAME,"profiles":{NAME:{"url":…,"token":…}}}.`);
}
