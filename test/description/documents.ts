/**
 * Both descriptions as they are served, and whether a value fits a schema that stands in one of them.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { asyncApi, asyncApiServers } from '../../src/description/asyncapi.ts';
import { openApi, openApiServers } from '../../src/description/openapi.ts';
import { routes, socketRoutes } from '../../src/server/route-table.ts';

export interface Described {
  readonly responses: Readonly<Record<string, ResponseObject>>;
  readonly operationId: string;
  readonly security?: readonly object[];
}

export interface ResponseObject {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
  readonly 'x-failures'?: readonly string[];
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface AsyncApi {
  readonly channels: Readonly<
    Record<
      string,
      {
        readonly address: string;
        readonly messages: Readonly<Record<string, { readonly name: string; readonly payload: object }>>;
        readonly 'x-closes': Readonly<Record<string, readonly { readonly failure: string }[]>>;
      }
    >
  >;
}

const url = 'http://127.0.0.1:4200/api';

export const openApiDocument = parsed<OpenApi>({ ...openApi(routes), servers: openApiServers(url) });
export const asyncApiDocument = parsed<AsyncApi>({ ...asyncApi(socketRoutes), servers: asyncApiServers(url) });

/** As a client has it. */
function parsed<Document>(document: object): Document {
  return JSON.parse(JSON.stringify(document)) as Document; // what the builders make
}

const ajv = new Ajv2020({
  strict: false,
  ownProperties: true,
  allErrors: true,
  formats: {
    uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
    uri: /^https?:\/\//,
  },
});
ajv.addSchema(openApiDocument, 'openapi');
ajv.addSchema(asyncApiDocument, 'asyncapi');

const compiled = new Map<string, ValidateFunction>();

/** Why a value does not fit the schema at this place of a document; empty if it does. */
export function misfits(document: 'openapi' | 'asyncapi', place: readonly (string | number)[], value: unknown): string {
  const pointer = place.map((step) => encodeURIComponent(String(step).replaceAll('~', '~0').replaceAll('/', '~1')));
  const reference = `${document}#/${pointer.join('/')}`;
  const validate = compiled.get(reference) ?? ajv.compile({ $ref: reference });
  compiled.set(reference, validate);
  return validate(value) ? '' : ajv.errorsText(validate.errors);
}
