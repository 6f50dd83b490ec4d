/**
 * The header fields of a request that Sluice looks at, read in one pass: repeated ones are seen too.
 */
import type { ForwardedHeaders } from './forwarded.ts';
import type { HttpRequest } from './uws.ts';

/** The header fields that are looked at. Of a repeated one the first counts. */
export interface HeadFields {
  readonly values: Readonly<Partial<Record<FieldName, string>>>;
  /** Lines of `content-length`, and of `transfer-encoding`. */
  readonly lengths: number;
  readonly codings: number;
  /** The subprotocols of all lines. */
  readonly subprotocols: readonly string[];
  /** What proxies say; null where none says anything. Repeated lines are joined by commas. */
  readonly forwarded: ForwardedHeaders | null;
}

const fieldNames = [
  'host',
  'origin',
  'authorization',
  'accept-encoding',
  'content-type',
  'content-encoding',
  'content-length',
  'transfer-encoding',
  'last-event-id',
  'sluice-origin',
  'access-control-request-method',
  'access-control-request-headers',
  'upgrade',
  'sec-websocket-version',
  'sec-websocket-key',
  'sec-websocket-extensions',
] as const;
type FieldName = (typeof fieldNames)[number];

type Forwarded = { -readonly [Name in keyof ForwardedHeaders]: string };

/** A field of the head, or what a proxy says. */
type Known = FieldName | { readonly said: keyof ForwardedHeaders };

const known: ReadonlyMap<string, Known> = new Map<string, Known>([
  ...fieldNames.map((name) => [name, name] as const),
  ['forwarded', { said: 'forwarded' }],
  ['x-forwarded-for', { said: 'xFor' }],
  ['x-forwarded-proto', { said: 'xProto' }],
  ['x-forwarded-host', { said: 'xHost' }],
  ['x-forwarded-prefix', { said: 'xPrefix' }],
]);

export function readFields(request: Pick<HttpRequest, 'forEach'>): HeadFields {
  const values: Partial<Record<FieldName, string>> = {};
  const subprotocols: string[] = [];
  let lengths = 0;
  let codings = 0;
  let forwarded: Forwarded | null = null;
  request.forEach((name, value) => {
    const field = known.get(name);
    if (field === undefined) {
      if (name === 'sec-websocket-protocol') subprotocols.push(...value.split(',').map((one) => one.trim()));
    } else if (typeof field === 'object') {
      forwarded ??= { forwarded: '', xFor: '', xProto: '', xHost: '', xPrefix: '' };
      forwarded[field.said] = forwarded[field.said] === '' ? value : `${forwarded[field.said]},${value}`;
    } else {
      if (field === 'content-length') lengths += 1;
      else if (field === 'transfer-encoding') codings += 1;
      values[field] ??= value;
    }
  });
  return { values, lengths, codings, subprotocols, forwarded };
}
