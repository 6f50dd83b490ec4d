/**
 * The answers of the HTTP API as values: status, body and headers exactly as docs/prefect-facts.md, "Answers over HTTP"
 * has them.
 */
import { issuesMax, type ValidationIssue } from '../../schemas/validation-issue.ts';
import { type Failure, failures } from '../base/errors.ts';

/** A long text in pieces, which are written one by one. */
export interface AnswerPieces {
  readonly pieces: readonly string[];
}

export interface HttpAnswer {
  readonly status: number;
  /** JSON text unless the headers say otherwise; null: neither body nor content-type nor content-length. */
  readonly body: string | Buffer | AnswerPieces | null;
  /** The body gzipped, where it was made before. */
  readonly packed?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection cannot be used again: the rest of the body was not read. */
  readonly closes?: true;
}

/** An issue whose input may be given as JSON text, to be put in as it is. */
export interface QuotedIssue extends ValidationIssue {
  readonly inputJson?: string;
}

export function json(
  status: number,
  body: string | Buffer | AnswerPieces,
  headers?: Readonly<Record<string, string>>,
): HttpAnswer {
  return headers ? { status, body, headers } : { status, body };
}

export const noContent: HttpAnswer = { status: 204, body: null };
export const notFound = json(404, '{"detail":"Not Found"}');
export const forbidden = json(403, '{"detail":"Forbidden"}');
/** A credential that holds, without the right that a route needs. */
export function lacksRight(right: string): HttpAnswer {
  return json(403, JSON.stringify({ detail: `This needs the right to ${right}` }));
}

export const unauthorized = json(401, '{"exception_message":"Unauthorized"}');
export const internalError = json(500, '{"exception_message":"Internal Server Error"}');
export const undecodableBody = json(400, '{"detail":"There was an error parsing the body"}');

export function methodNotAllowed(allow: string): HttpAnswer {
  return json(405, '{"detail":"Method Not Allowed"}', { allow });
}

/** A 422 (docs/prefect-facts.md, "Validation errors"); `requestBodyJson` is JSON text that is put in as it is. */
export function invalidRequest(issues: readonly QuotedIssue[], requestBodyJson: string): HttpAnswer {
  const details = issues.slice(0, issuesMax).map(issueJson).join(',');
  const message = '"exception_message":"Invalid request received."';
  return json(422, `{${message},"exception_detail":[${details}],"request_body":${requestBodyJson}}`);
}

export function failed(failure: Failure): HttpAnswer {
  switch (failure.failure) {
    case 'forbidden':
      return forbidden;
    case 'unauthorized':
      return unauthorized;
    case 'internal':
      return internalError;
    case 'codedBody':
      return json(failures.codedBody.status, sentenceOf(failure), { 'accept-encoding': 'identity' });
    default: {
      const row: { status: number; retryAfterSeconds?: number } = failures[failure.failure];
      const retryAfterSeconds = failure.retryAfterSeconds ?? row.retryAfterSeconds;
      return json(
        row.status,
        sentenceOf(failure),
        retryAfterSeconds ? { 'retry-after': String(retryAfterSeconds) } : undefined,
      );
    }
  }
}

function sentenceOf({ message }: Failure): string {
  return JSON.stringify({ exception_message: message });
}

/** JSON text of a parsed value; null for one that nests deeper than the serializer goes. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    if (error instanceof RangeError) return 'null';
    throw error;
  }
}

function issueJson({ type, loc, msg, input, inputJson, ctx }: QuotedIssue): string {
  const what = `"type":${JSON.stringify(type)},"loc":${JSON.stringify(loc)},"msg":${JSON.stringify(msg)}`;
  const shown = `{${what},"input":${inputJson ?? jsonText(input)}`;
  return ctx ? `${shown},"ctx":${JSON.stringify(ctx)}}` : `${shown}}`;
}
