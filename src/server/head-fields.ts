/**
 * The header fields of a request that Sluice looks at, read in one pass: repeated ones are seen too.
 */
import type { HttpRequest } from './uws.ts';

/** The header fields that are looked at. Of a repeated one the first counts. */
export interface HeadFields {
  readonly values: Readonly<Partial<Record<FieldName, string>>>;
  /** Lines of `content-length`, and of `transfer-encoding`. */
  readonly lengths: number;
  readonly codings: number;
  /** The subprotocols of all lines. */
  readonly subprotocols: readonly string[];
}

const fieldNames = [
  'host',
  'origin',
  'authorization',
  'accept-encoding',
  'content-type',
  'content-length',
  'transfer-encoding',
  'last-event-id',
  'access-control-request-method',
  'access-control-request-headers',
  'upgrade',
  'sec-websocket-version',
  'sec-websocket-key',
  'sec-websocket-extensions',
] as const;
type FieldName = (typeof fieldNames)[number];

const known: ReadonlySet<string> = new Set(fieldNames);

export function readFields(request: HttpRequest): HeadFields {
  const values: Partial<Record<FieldName, string>> = {};
  const subprotocols: string[] = [];
  let lengths = 0;
  let codings = 0;
  request.forEach((name, value) => {
    if (name === 'sec-websocket-protocol') subprotocols.push(...value.split(',').map((one) => one.trim()));
    else if (isKnown(name)) {
      if (name === 'content-length') lengths += 1;
      else if (name === 'transfer-encoding') codings += 1;
      values[name] ??= value;
    }
  });
  return { values, lengths, codings, subprotocols };
}

function isKnown(name: string): name is FieldName {
  return known.has(name);
}
