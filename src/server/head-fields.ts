/**
 * The header fields of a request that Sluice looks at, read in one pass: repeated ones are seen too.
 */
import type { HttpRequest } from './uws.ts';

/** The header fields that are looked at. Of a repeated one the first counts. */
export interface HeadFields {
  readonly values: Readonly<Record<FieldName, string | undefined>>;
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

const none: Readonly<Record<FieldName, undefined>> = Object.freeze(
  Object.fromEntries(fieldNames.map((name) => [name, undefined])) as Record<FieldName, undefined>, // of these names
);

export function readFields(request: HttpRequest): HeadFields {
  const values: Record<string, string | undefined> = { ...none };
  const subprotocols: string[] = [];
  let lengths = 0;
  let codings = 0;
  request.forEach((name, value) => {
    if (name === 'sec-websocket-protocol') subprotocols.push(...value.split(',').map((one) => one.trim()));
    else if (name in none) {
      if (name === 'content-length') lengths += 1;
      else if (name === 'transfer-encoding') codings += 1;
      values[name] ??= value;
    }
  });
  return { values: values as HeadFields['values'], lengths, codings, subprotocols }; // only its names were set
}
