/**
 * One POST of events as they stand: tried again until the server has answered, and told apart by what the answer says
 * of each event.
 */
import { failureOf, Http } from '../../client/src/http.ts';
import { retrying } from '../../client/src/retry.ts';
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
  readonly #http: Http;
  readonly #signal: AbortSignal;

  constructor({ url, token }: ServerTarget, signal: AbortSignal) {
    this.#http = new Http({ url, token, retry: { attemptsMax } });
    this.#signal = signal;
  }

  /** `texts` are JSON. Rejects with SluiceError where the server does not want any of it, or the signal's reason. */
  post(texts: readonly string[]): Promise<PostOutcome> {
    const body = `[${texts.join(',')}]`;
    return retrying(this.#http.retry, this.#signal, () => this.#once(body, texts.length));
  }

  async #once(body: string, count: number): Promise<PostOutcome> {
    const response = await this.#http.answer({ method: 'POST', path: '/events', body, signal: this.#signal });
    if (response.status === 422) return refusalOf(await response.text(), count);
    if (!response.ok && response.status !== 413) throw await failureOf(response);
    await response.body?.cancel();
    return { kind: response.ok ? 'taken' : 'tooLarge' };
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
