/** Which server is meant and with what token: the flag, then the variable, then the profile, then the default. */
import { readFileSync } from 'node:fs';
import type { RetryOptions } from '../client/src/options.ts';
import type { Sluice } from '../client/src/sluice.ts';
import { type Call, textOption } from './command-row.ts';
import { CommandError, UsageError } from './exit-codes.ts';
import { configPath, type Profile, readProfile } from './profiles.ts';

export interface ServerTarget {
  readonly url: string;
  readonly token: string | null;
}

const defaultUrl = 'http://127.0.0.1:4200';

type Asked = Pick<Call, 'options' | 'environment'>;

/** `unnamed` is the server that is meant where none is named. */
export function readTarget(call: Asked, unnamed = defaultUrl): ServerTarget {
  if (call.options['token'] !== undefined) {
    throw new UsageError(
      '--token would show the secret to everybody on this machine: set SLUICE_TOKEN, or name a file by --token-file.',
    );
  }
  const { environment } = call;
  const name = textOption(call, 'profile') ?? (environment['SLUICE_PROFILE'] || undefined);
  const profile = readProfile(configPath(environment), name);
  const url = textOption(call, 'url') ?? (environment['SLUICE_URL'] || (profile.url ?? unnamed));
  refuseBadUrl(url);
  return { url, token: tokenOf(call, profile) };
}

/** A client of that server. Nothing is opened yet. */
export async function connectTo({ url, token }: ServerTarget, retry?: RetryOptions): Promise<Sluice> {
  const { connect } = await import('../client/src/node.ts');
  return connect({ url, token, retry });
}

/** For long work, which goes on through a restart of the server. */
export function connectFor(call: Asked): Promise<Sluice> {
  return connectTo(readTarget(call));
}

/** For a question whose asker waits: it says soon that nobody answers. */
export function askFor(call: Asked): Promise<Sluice> {
  return connectTo(readTarget(call), { attemptsMax: 3 });
}

function tokenOf(call: Asked, profile: Profile): string | null {
  const file = textOption(call, 'tokenFile');
  if (file !== undefined) return readTokenFile(file);
  const variable = call.environment['SLUICE_TOKEN'];
  if (variable !== undefined && variable !== '') return variable;
  if (profile.token !== undefined) return profile.token;
  return profile.tokenFile === undefined ? null : readTokenFile(profile.tokenFile);
}

export function readTokenFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CommandError(`The token's file ${path} cannot be read: it must hold the token.`, undefined, { cause });
  }
  const token = text.replace(/^\uFEFF/, '').replace(/\r?\n$/, '');
  if (token.trim() !== '') return token;
  throw new CommandError(`The token's file ${path} is empty: it must hold the token.`);
}

export function refuseBadUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.password === '') return;
  if (parsed !== null && parsed.password !== '') {
    throw new UsageError('The address holds a password: give it by SLUICE_TOKEN or --token-file instead.');
  }
  throw new UsageError(`"${url}" is no address of a server: give one as http://127.0.0.1:4200.`);
}
