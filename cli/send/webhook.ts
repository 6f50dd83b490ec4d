/**
 * Posts to an address with the headers of Standard Webhooks: id, time and signature. What may pass is tried again for
 * as long as it was asked; redirects are not followed.
 */
import { createHmac } from 'node:crypto';
import { delayMsOf, retryAfterMsOf, wait } from '../../client/src/retry.ts';
import { CommandError } from '../exit-codes.ts';

export interface WebhookOptions {
  readonly url: string;
  /** `whsec_` and base64, or any text; null for no signature. */
  readonly secret: string | null;
  readonly retryForMs: number;
  readonly signal: AbortSignal;
  readonly told: (sentence: string) => void;
}

const answerMs = 30_000;
const retry = { firstMs: 500, longestMs: 60_000, attemptsMax: Number.POSITIVE_INFINITY };
const retriedStatuses = [408, 425, 429];

export class Webhook {
  readonly #options: WebhookOptions;
  readonly #key: Buffer | null;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#key = options.secret === null ? null : keyOf(options.secret);
  }

  /** Null when it was taken; else why the address refuses it. Rejects when it was tried again for too long. */
  async post(body: string, id: string): Promise<string | null> {
    const { retryForMs, signal, told } = this.#options;
    const endMs = performance.now() + retryForMs;
    for (let failures = 1; ; failures += 1) {
      const outcome = await this.#once(body, id);
      if (outcome.kind === 'taken') return null;
      if (outcome.kind === 'refused') return outcome.why;
      const waitMs = delayMsOf(retry, failures, outcome.afterMs, Math.random());
      if (performance.now() + waitMs > endMs) {
        throw new CommandError(
          `The address took nothing for ${Math.round(retryForMs / 1000)} s (${outcome.why}): mend it, and start ` +
            'again; the checkpoint says where to go on.',
        );
      }
      if (failures === 1) told(`the address does not take events (${outcome.why}); trying again`);
      await wait(waitMs, signal);
    }
  }

  async #once(body: string, id: string): Promise<Outcome> {
    const { url, signal } = this.#options;
    const timestamp = String(Math.floor(Date.now() / 1000));
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          ...(this.#key !== null && { 'webhook-signature': signatureOf(this.#key, id, timestamp, body) }),
        },
        body,
      });
      await response.body?.cancel();
      return outcomeOf(response);
    } catch (error) {
      signal.throwIfAborted();
      const { message, cause } = error instanceof Error ? error : new Error(String(error));
      return { kind: 'failed', why: cause instanceof Error ? cause.message : message, afterMs: undefined };
    }
  }
}

type Outcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string; readonly afterMs: number | undefined };

function outcomeOf({ status, headers }: Response): Outcome {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (status < 500 && !retriedStatuses.includes(status)) return { kind: 'refused', why: `status ${status}` };
  return { kind: 'failed', why: `status ${status}`, afterMs: retryAfterMsOf(headers) };
}

/** `v1,` and the HMAC-SHA256 of id, time and body. */
export function signatureOf(key: Buffer, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

export function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
}
