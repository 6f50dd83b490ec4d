/**
 * The Prefect server that events are forwarded to: what it says to a batch, which of some ids it has, and whether it
 * answers.
 */
import { DecoratorHandler, type Dispatcher, Pool } from 'undici';
import { firstLineOf } from '../base/errors.ts';

/** What became of a batch. */
export type PrefectAnswer =
  | { readonly kind: 'taken' }
  /** One of its events is refused for its content, and nothing was taken. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nothing was taken. */
  | { readonly kind: 'untaken'; readonly reason: string }
  /** It may have been taken, all or some of it. */
  | { readonly kind: 'unclear'; readonly reason: string };

export interface Window {
  readonly since: string;
  readonly until: string;
}

export interface PrefectApi {
  /** Texts of events; `maySend` is asked right before they go. Never rejects. */
  post(texts: readonly string[], maySend: () => boolean): Promise<PrefectAnswer>;
  /** Those of at most `askedMax` ids that it shows; all occurred in the window. Rejects where it gives no answer. */
  find(ids: readonly string[], window: Window): Promise<ReadonlySet<string>>;
  /** Whether it answers. */
  isThere(): Promise<boolean>;
  close(): Promise<void>;
}

export interface PrefectPlace {
  /** With or without `/api`. */
  readonly url: string;
  readonly authString: string | null;
  /** Longest wait for an answer; 30 s by default. */
  readonly answerMs?: number;
}

/** Prefect's pages have no more. */
export const askedMax = 50;
const answerMsDefault = 30_000;
const probeMs = 3_000;
const connectMs = 5_000;
/** Shorter than uvicorn keeps an idle connection (5 s): one that is closed under a batch would leave it in doubt. */
const keepAliveMs = 3_000;
const reasonCharactersMax = 300;

/** The connection was never made, so nothing was sent. */
const unconnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

export function prefectApi({ url, authString, answerMs = answerMsDefault }: PrefectPlace): PrefectApi {
  const { origin, pathname } = new URL(url);
  const base = `${pathname.replace(/\/$/, '').replace(/\/api$/, '')}/api`;
  const pool = new Pool(origin, { connections: 2, keepAliveTimeout: keepAliveMs, connect: { timeout: connectMs } });
  const headers: Record<string, string> = { 'content-type': 'application/json', 'sluice-origin': 'sluice' };
  if (authString !== null) headers['authorization'] = `Basic ${Buffer.from(authString).toString('base64')}`;

  async function ask(
    method: Dispatcher.HttpMethod,
    path: string,
    body: string | null,
    withinMs: number,
    maySend = always,
  ) {
    const signal = AbortSignal.timeout(withinMs);
    const asked = pool.compose(
      (dispatch) => (options, handler) => dispatch(options, new LastMomentHandler(handler, maySend)),
    );
    const answer = await asked.request({ method, path: base + path, headers, body, signal });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  return {
    async post(texts, maySend) {
      try {
        const { status, text } = await ask('POST', '/events', `[${texts.join(',')}]`, answerMs, maySend);
        return answerOf(status, text);
      } catch (error) {
        if (error instanceof NotSent) return { kind: 'untaken', reason: error.message };
        return { kind: unconnected.has(codeIn(error)) ? 'untaken' : 'unclear', reason: reasonOf(error) };
      }
    },
    async find(ids, { since, until }) {
      const body = JSON.stringify({ filter: { id: { id: ids }, occurred: { since, until } }, limit: askedMax });
      const { status, text } = await ask('POST', '/events/filter', body, answerMs);
      if (status !== 200) throw new Error(`asked for ids it answered ${status}: ${text.slice(0, reasonCharactersMax)}`);
      const { events } = JSON.parse(text) as { events: readonly { readonly id: string }[] }; // as Prefect answers
      return new Set(events.map(({ id }) => id));
    },
    async isThere() {
      try {
        const { status } = await ask('GET', '/health', null, probeMs);
        return status < 500;
      } catch {
        return false;
      }
    },
    close: () => pool.destroy(),
  };
}

/** Another process may send now. */
class NotSent extends Error {
  override readonly name = 'NotSent';
}

/** A connection may have to be made, or this process be stopped, before a request goes: so it is asked there. */
class LastMomentHandler extends DecoratorHandler {
  readonly #maySend: () => boolean;

  constructor(handler: Dispatcher.DispatchHandler, maySend: () => boolean) {
    super(handler);
    this.#maySend = maySend;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: object): void {
    const { onRequestStart } = DecoratorHandler.prototype as Dispatcher.DispatchHandler; // its type does not say so
    if (this.#maySend()) onRequestStart?.call(this, controller, context);
    else controller.abort(new NotSent('another gateway may forward now'));
  }
}

function always(): boolean {
  return true;
}

function answerOf(status: number, text: string): PrefectAnswer {
  if (status === 204) return { kind: 'taken' };
  const reason = `it answered ${status}: ${text.slice(0, reasonCharactersMax)}`;
  if (status === 400 || status === 413 || status === 422) return { kind: 'refused', reason };
  if (status === 421) {
    return {
      kind: 'untaken',
      reason: 'a Sluice answers there: SLUICE_PREFECT_URL must name the Prefect server itself',
    };
  }
  return { kind: status >= 500 ? 'unclear' : 'untaken', reason };
}

function codeIn(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  return inner instanceof Error && 'code' in inner ? String(inner.code) : '';
}

function reasonOf(error: unknown): string {
  return firstLineOf(error) || codeIn(error) || 'no answer';
}
