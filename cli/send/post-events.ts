/**
 * One POST of events as they stand: tried again until the server has answered, and told apart by what the answer says
 * of each event.
 */
import { authorizationOf, Endpoints } from '../../client/src/endpoints.ts';
import { asSluiceError, isRetryableStatus, SluiceError } from '../../client/src/errors.ts';
import { retrying, retryOf } from '../../client/src/retry.ts';
import type { ServerTarget } from '../target.ts';

export type PostOutcome =
  | { readonly kind: 'taken' }
  /** By the place of the event in the body; nothing of the body was stored. */
  | { readonly kind: 'refused'; readonly reasons: ReadonlyMap<number, string> }
  /** The body, or something in it that cannot be told. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'tooLarge' };

/** Of failures in a row; at most half a minute between two. */
const attemptsMax = 40;

export class EventPoster {
  readonly #endpoints: Endpoints;
  readonly #token: string | null;
  readonly #signal: AbortSignal;
  readonly #retry = retryOf({ attemptsMax });

  constructor({ url, token }: ServerTarget, signal: AbortSignal) {
    this.#endpoints = new Endpoints({ url, token });
    this.#token = token;
    this.#signal = signal;
  }

  /** `texts` are JSON. Rejects with SluiceError where the server does not want any of it, or the signal's reason. */
  post(texts: readonly string[]): Promise<PostOutcome> {
    const body = Buffer.from(`[${texts.join(',')}]`);
    return retrying(this.#retry, this.#signal, () => this.#once(body, texts.length));
  }

  async #once(body: Buffer<ArrayBuffer>, count: number): Promise<PostOutcome> {
    const response = await fetch(`${this.#endpoints.base}/events`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.#token !== null && { authorization: authorizationOf(this.#token) }),
      },
      body,
      signal: this.#signal,
    }).catch((error: unknown) => {
      this.#signal.throwIfAborted();
      throw asSluiceError(error);
    });
    const text = await response.text();
    if (response.ok) return { kind: 'taken' };
    if (response.status === 413) return { kind: 'tooLarge' };
    if (response.status === 422) return refusalOf(text, count);
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    throw new SluiceError(`${response.status}: ${text.slice(0, 500)}`, {
      failure: response.status === 401 ? 'unauthorized' : 'refused',
      status: response.status,
      retryable: isRetryableStatus(response.status),
      retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined,
    });
  }
}

interface Detail {
  readonly type?: string;
  readonly loc?: readonly (string | number)[];
  readonly msg?: string;
}

function refusalOf(text: string, count: number): PostOutcome {
  const details = detailsOf(text);
  const reasons = new Map<number, string>();
  for (const { type, loc = [], msg = '' } of details) {
    const [, index, ...path] = loc;
    if (type === 'json_invalid' || typeof index !== 'number' || index >= count) {
      return { kind: 'unreadable', reason: msg };
    }
    const reason = path.length === 0 ? msg : `${path.join('.')}: ${msg}`;
    reasons.set(index, reasons.has(index) ? `${reasons.get(index)}; ${reason}` : reason);
  }
  return reasons.size === 0 ? { kind: 'unreadable', reason: text.slice(0, 500) } : { kind: 'refused', reasons };
}

function detailsOf(text: string): readonly Detail[] {
  try {
    const { exception_detail: details, detail }: { exception_detail?: unknown; detail?: unknown } = JSON.parse(text);
    const list = details ?? detail;
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
