/**
 * One POST of events as they stand: tried again until the server has answered, and told apart by what the answer says
 * of each event. By node:http, for `fetch` copies a body twice.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import { request as requestSecurely, Agent as SecureAgent } from 'node:https';
import { authorizationOf, Endpoints } from '../../client/src/endpoints.ts';
import { asSluiceError, SluiceError } from '../../client/src/errors.ts';
import { failureOf } from '../../client/src/http.ts';
import { retrying, retryOf } from '../../client/src/retry.ts';
import { withHint } from '../../client/src/untrusted.ts';
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
/** Of one body. Fewer are a server that is restarting, or one that holds a fast sender back. */
const failuresToTell = 3;

export class EventPoster {
  readonly #url: URL;
  readonly #token: string | null;
  readonly #signal: AbortSignal;
  readonly #retry = retryOf({ attemptsMax });
  readonly #agent: Agent | SecureAgent;
  readonly #tell: (sentence: string) => void;
  /** So that who waits is told once of each break, and not of each try. */
  #isAway = false;

  /** `tell`: hears that events wait, and why, and that the server takes them again. */
  constructor({ url, token }: ServerTarget, signal: AbortSignal, tell: (sentence: string) => void = () => undefined) {
    this.#url = new URL(`${new Endpoints({ url, token }).base}/events`);
    this.#token = token;
    this.#signal = signal;
    this.#tell = tell;
    this.#agent = new (this.#isSecure ? SecureAgent : Agent)({ keepAlive: true });
  }

  /**
   * `body` is a JSON list of so many events. Rejects with SluiceError where the server does not want any of it, or the
   * signal's reason.
   */
  post(body: Buffer, count: number): Promise<PostOutcome> {
    let failures = 0;
    return retrying(this.#retry, this.#signal, async () => {
      try {
        const outcome = await this.#once(body, count);
        if (this.#isAway) this.#tell('the server takes events again');
        this.#isAway = false;
        return outcome;
      } catch (error) {
        failures += 1;
        if (failures === failuresToTell) this.#tellBreak(error);
        throw error;
      }
    });
  }

  #tellBreak(error: unknown): void {
    if (this.#isAway || !(error instanceof SluiceError) || !error.retryable) return;
    this.#isAway = true;
    this.#tell(`${error.message.replace(/\.$/, '')}; trying again`);
  }

  get #isSecure(): boolean {
    return this.#url.protocol === 'https:';
  }

  async #once(body: Buffer, count: number): Promise<PostOutcome> {
    const response = await this.#ask(body).catch((error: unknown) => {
      this.#signal.throwIfAborted();
      throw asSluiceError(withHint(error));
    });
    if (response.ok) return { kind: 'taken' };
    if (response.status === 413) return { kind: 'tooLarge' };
    if (response.status === 422) return refusalOf(await response.text(), count);
    throw await failureOf(response);
  }

  #ask(body: Buffer): Promise<Response> {
    const options = {
      method: 'POST',
      agent: this.#agent,
      signal: this.#signal,
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        ...(this.#token !== null && { authorization: authorizationOf(this.#token) }),
      },
    };
    return new Promise((resolve, reject) => {
      const hear = (response: IncomingMessage): void => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.once('error', reject);
        response.once('end', () => resolve(answerOf(response, text)));
      };
      const asked = (this.#isSecure ? requestSecurely : request)(this.#url, options, hear);
      asked.once('error', reject);
      asked.end(body);
    });
  }
}

function answerOf({ statusCode, headers }: IncomingMessage, text: string): Response {
  const retryAfter = headers['retry-after'];
  return new Response(text === '' ? null : text, {
    ...(statusCode !== undefined && { status: statusCode }),
    ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }),
  });
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
