/**
 * Who asks, and the client that asks. A token is kept for the session of the browser's tab, and never in the URL: a
 * fragment `#token=` is taken and removed.
 */
import { computed, signal } from '@preact/signals';
import { connect } from '../../../client/src/browser.ts';
import { Http } from '../../../client/src/http.ts';
import type { ConnectOptions } from '../../../client/src/options.ts';
import { baseUrl } from './address.ts';

const kept = 'sluice.token';

const token = signal<string | null>(takeFragment() ?? sessionStorage.getItem(kept));

/** The server wants a credential, or another one. */
export const isRefused = signal(false);

/** Whether a token is in use. */
export const hasToken = computed(() => token.value !== null);

/** Another one with each token, so that whatever asks begins anew. */
export const sluice = computed(() => connect(optionsOf(token.value)));

/** For what a person waits for, and can ask again. */
export const hasty = computed(() => connect({ ...optionsOf(token.value), retry: { attemptsMax: 1 } }));

/** For routes of an operator, of which the client knows nothing. */
export const http = computed(() => new Http({ ...optionsOf(token.value), retry: { attemptsMax: 1 } }));

/** Null forgets it. */
export function useToken(text: string | null): void {
  if (text === null) sessionStorage.removeItem(kept);
  else sessionStorage.setItem(kept, text);
  isRefused.value = false;
  token.value = text;
}

function optionsOf(text: string | null): ConnectOptions {
  return { url: baseUrl, token: text };
}

function takeFragment(): string | null {
  const text = new URLSearchParams(location.hash.slice(1)).get('token');
  if (text === null) return null;
  history.replaceState(null, '', location.pathname + location.search);
  if (text === '') return null;
  sessionStorage.setItem(kept, text);
  return text;
}
