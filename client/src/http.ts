/** Requests: credentials, failures as SluiceErrors, and trying again. */
import { authorizationOf, Endpoints } from './endpoints.ts';
import { asSluiceError, isRetryableStatus, SluiceError } from './errors.ts';
import type { ConnectOptions } from './options.ts';
import { type Retry, retryAfterMsOf, retrying, retryOf, within } from './retry.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Behind `/api`, with its query. */
  readonly path: string;
  /** Sent as JSON; a string is JSON already. */
  readonly body?: object | string | undefined;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/** How much of a refusal's body is read into its message. */
const messageCharactersMax = 2_000;

export class Http {
  readonly endpoints: Endpoints;
  readonly retry: Retry;
  readonly #fetch: typeof globalThis.fetch;

  constructor(options: ConnectOptions) {
    this.endpoints = new Endpoints(options);
    this.retry = retryOf(options.retry);
    // A browser's fetch must be called without an object before it.
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** The answer's text, read whole; tried again as long as that may help. */
  text(call: Call): Promise<string> {
    return retrying(this.retry, call.signal, async () => {
      const response = await this.once(call);
      return response.text();
    });
  }

  async json<Answer>(call: Call): Promise<Answer> {
    return JSON.parse(await this.text(call)) as Answer; // the server is trusted to answer as its API says
  }

  /** One try. Resolves with a good answer, its body unread; throws SluiceError for any other. */
  async once(call: Call): Promise<Response> {
    const response = await this.answer(call);
    if (response.ok) return response;
    throw await failureOf(response);
  }

  /** One try. Resolves with whatever the server answers, its body unread. */
  async answer(call: Call): Promise<Response> {
    let response = await this.#ask(call);
    if (response.status === 401 && this.endpoints.mayRenew) {
      await response.body?.cancel();
      response = await this.#ask(call);
    }
    if (isRetryableStatus(response.status)) this.endpoints.moveOn();
    return response;
  }

  async #ask({ method, path, body, accept = 'application/json', signal }: Call): Promise<Response> {
    const token = await within(this.endpoints.token(), signal);
    const headers: Record<string, string> = { accept };
    if (token !== null) headers['authorization'] = authorizationOf(token);
    if (body !== undefined) headers['content-type'] = 'application/json';
    try {
      return await this.#fetch(`${this.endpoints.base}${path}`, {
        method,
        headers,
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        ...(signal !== undefined && { signal }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      this.endpoints.moveOn();
      throw asSluiceError(error);
    }
  }
}

/** Names for statuses: an answer over HTTP has a sentence, and no name. */
const failureNames: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'notFound',
  408: 'bodyTooSlow',
  410: 'gone',
  413: 'bodyTooLarge',
  422: 'invalidRequest',
  429: 'tooManyRequests',
  503: 'unavailable',
};

/** Of an answer that is no good one: what it says in its body. */
export async function failureOf(response: Response): Promise<SluiceError> {
  const { status } = response;
  const text = await response.text().catch(() => '');
  return new SluiceError(`${status}: ${sentenceOf(text) || response.statusText}`, {
    failure: failureNames[status] ?? (status >= 500 ? 'internal' : 'refused'),
    status,
    retryable: isRetryableStatus(status),
    retryAfterMs: retryAfterMsOf(response.headers),
  });
}

/** What a refusal says: its own sentence, and each of its reasons. */
function sentenceOf(text: string): string {
  try {
    const { exception_message: message, exception_detail: details, detail } = JSON.parse(text);
    if (Array.isArray(details)) return details.map(reasonOf).join('; ').slice(0, messageCharactersMax);
    return String(message ?? (typeof detail === 'string' ? detail : text)).slice(0, messageCharactersMax);
  } catch {
    return text.slice(0, messageCharactersMax);
  }
}

function reasonOf({ loc = [], msg }: { readonly loc?: readonly unknown[]; readonly msg?: unknown }): string {
  const place = loc.filter((part) => part !== 'body').join('.');
  return place === '' ? String(msg) : `${place}: ${msg}`;
}
