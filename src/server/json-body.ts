/**
 * Reads the JSON body of a query (docs/prefect-facts.md, "Answers over HTTP"): the value, and how a 422 answer quotes
 * it.
 */
import { inSlices } from '../event-text/in-slices.ts';
import { rewriteSteps } from '../event-text/rewrite-json.ts';
import { type HttpAnswer, invalidRequest, jsonText, undecodableBody } from './http-answer.ts';
import { whyTooMuchToAsk } from './read-message.ts';
import type { RouteRequest } from './route.ts';

export type JsonBody =
  /**
   * `value` is undefined where there is none, which a body of another content type counts as here (measured on
   * Prefect).
   */
  | { readonly ok: true; readonly value: unknown; readonly quote: () => Promise<string> }
  | { readonly ok: false; readonly answer: HttpAnswer };

export function readJsonBody({ body, isJson }: Pick<RouteRequest, 'body' | 'isJson'>): JsonBody {
  if (body.length === 0) return { ok: true, value: undefined, quote: async () => 'null' };
  if (!isJson) return { ok: true, value: undefined, quote: async () => jsonText(body.toString()) };
  const text = decode(body);
  if (text === null) return { ok: false, answer: undecodableBody };
  const tooMuch = whyTooMuchToAsk(body);
  if (tooMuch !== null) return { ok: false, answer: notJson(text, tooMuch) };
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value, quote: () => inSlices(rewriteSteps(text)) };
  } catch (error) {
    return { ok: false, answer: notJson(text, error instanceof Error ? error.message : 'not JSON') };
  }
}

function decode(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

function notJson(text: string, words: string): HttpAnswer {
  const offset = Number(/at position (\d+)/.exec(words)?.[1] ?? 0);
  const loc = ['body', offset];
  const issue = { type: 'json_invalid', loc, msg: 'JSON decode error', input: {}, ctx: { error: words } };
  return invalidRequest([issue], jsonText(text));
}
