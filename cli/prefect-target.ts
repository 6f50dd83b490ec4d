/** The Prefect server beside a Sluice, as the command line is told of it. */
import { Http } from '../client/src/http.ts';
import { fetchWithHint } from '../client/src/untrusted.ts';
import { StartRefused } from '../src/base/errors.ts';
import { prefectSettings } from '../src/config/prefect-settings.ts';
import { readSecret } from '../src/config/secrets.ts';
import { type Call, textOption } from './command-row.ts';
import { CommandError } from './exit-codes.ts';
import { readTokenFile, refuseBadUrl, type ServerTarget } from './target.ts';

export const prefectOptions = [
  { flags: '--prefect <url>', help: 'the Prefect server beside it, itself and not its proxy' },
  { flags: '--prefect-auth-file <file>', help: 'file of its auth string (or SLUICE_PREFECT_AUTH_STRING)' },
] as const;

/** Null where none is named. */
export function prefectTarget(call: Call): ServerTarget | null {
  const url = textOption(call, 'prefect');
  if (url === undefined) return null;
  refuseBadUrl(url);
  const file = textOption(call, 'prefectAuthFile');
  if (file !== undefined) return { url, token: readTokenFile(file) };
  try {
    return { url, token: readSecret(prefectSettings.prefectAuthString, new Map(), call.environment) };
  } catch (error) {
    if (error instanceof StartRefused) throw new CommandError(error.message, undefined, { cause: error });
    throw error;
  }
}

export interface Asking {
  readonly method?: 'GET' | 'POST';
  readonly body?: string;
}

const answerMs = 20_000;

/** One request, as it is answered. Rejects with SluiceError where nobody answers, and with the reason of the signal. */
export function askServer(
  { url, token }: ServerTarget,
  path: string,
  signal: AbortSignal,
  { method = 'GET', body }: Asking = {},
): Promise<Response> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  return new Http({ url, token, fetch: fetchWithHint }).answer({ method, path, body, signal: bounded });
}

/** What a Sluice says of its forwarder. */
export interface ForwarderView {
  readonly phase: string;
  readonly reason: string;
  readonly lagSeconds: number | null;
  readonly isShown: boolean | null;
  /** What is forwarded, as a client sends a filter; null for all. */
  readonly filter: string | null;
  readonly counters: { readonly refused: number; readonly leftInDoubt: number };
}

/** Null where nothing is forwarded (level 1). */
export async function forwarderOf(sluice: ServerTarget, signal: AbortSignal): Promise<ForwarderView | null> {
  const answer = await askServer(sluice, '/ready?verbose=1', signal);
  const seen = (await answer.json()) as { forwarder?: ForwarderView | null }; // as Sluice answers
  return seen.forwarder ?? null;
}
