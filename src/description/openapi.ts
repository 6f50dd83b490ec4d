/**
 * OpenAPI 3.1 of the routes.
 */
import { STATUS_CODES } from 'node:http';
import type { JsonSchema } from '../../schemas/json-schema.ts';
import { type FailureName, failures } from '../base/errors.ts';
import {
  byStatus,
  detail,
  failsEverywhere,
  failsOfAccess,
  failsWithBody,
  failureWords,
  refusal,
  refusalExample,
  sentence,
} from './failures.ts';
import { aboutApi, license, title, version } from './info.ts';
import { type NamedSchemas, namedSchemas } from './named-schemas.ts';
import { type Answer, groups, type Operation, type Parameter } from './operation.ts';

/** What a route says of itself, as far as it goes into its description. */
export interface DescribedRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly isOpen?: true;
  /** The right that its reader must have. */
  readonly needs?: string;
  readonly operation: Operation;
}

/** The document without its servers. */
export function openApi(routes: readonly DescribedRoute[]): object {
  const schemas = namedSchemas();
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)$/, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: { title, version, summary: 'Durable events, exact feeds, questions.', description: aboutApi, license },
    tags: Object.entries(groups).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic', description: 'The auth string of the server, or a token.' },
        bearer: { type: 'http', scheme: 'bearer', description: 'A token, or a JWT where the server takes them.' },
      },
      schemas: schemas.found,
    },
  };
}

/** Its servers, by the address of the API as clients know it, without a slash at its end. */
export function openApiServers(url: string): object {
  return [{ url, description: 'Every path is there without `/api`, too.' }];
}

/** Either of them; none where the server has no credentials at all. */
function credentials(right: string | undefined): object {
  const rights = right === undefined ? [] : [right];
  return [{ basic: rights }, { bearer: rights }];
}

function operationOf(route: DescribedRoute, schemas: NamedSchemas): object {
  const { isOpen, needs, operation } = route;
  const { id, group, title: summary, parameters = [], body } = operation;
  return {
    operationId: id,
    tags: [group],
    summary,
    description: aboutRoute(route),
    security: isOpen ? [] : credentials(needs),
    ...(parameters.length > 0 && { parameters: parameters.map((each) => parameterOf(each, schemas)) }),
    ...(body && {
      requestBody: {
        description: body.about,
        required: body.required,
        content: { 'application/json': { schema: schemas.refer(body.schema), examples: valuesOf(body.examples) } },
      },
    }),
    responses: responsesOf(operation, failsOf(route), schemas),
  };
}

/** All that a route may say no with. */
export function failsOf({ method, isOpen, needs, operation }: DescribedRoute): readonly FailureName[] {
  return [
    ...failsEverywhere,
    ...(isOpen ? [] : failsOfAccess),
    ...(needs === undefined ? [] : (['forbidden'] as const)),
    ...(method === 'POST' ? failsWithBody : []),
    ...(operation.fails ?? []),
  ];
}

/** What is said of an operation, with the right that it wants. */
export function aboutRoute({ needs, operation }: DescribedRoute): string {
  return needs === undefined ? operation.about : `${operation.about}\n\nIt wants the right to \`${needs}\`.`;
}

function parameterOf(
  { name, in: place, about, required, schema, isJson, example }: Parameter,
  schemas: NamedSchemas,
): object {
  const shown = { schema: schemas.refer(schema) };
  const examples = valuesOf({ [name]: example });
  return {
    name,
    in: place,
    description: about,
    required: required ?? false,
    ...(isJson ? { content: { 'application/json': { ...shown, examples } } } : { ...shown, examples }),
  };
}

function responsesOf({ answers }: Operation, fails: readonly FailureName[], schemas: NamedSchemas): object {
  const given = Object.entries(answers).map(([status, answer]) => [status, answerOf(answer, schemas)]);
  const refused = [...byStatus(fails)]
    .filter(([status]) => !(status in answers))
    .map(([status, names]) => [String(status), refusalOf(status, names, schemas)]);
  const tooLong = ['431', { description: 'The request line or the headers are too long.' }];
  return Object.fromEntries([...given, ...refused, tooLong]);
}

function answerOf({ about, content, headers = {} }: Answer, schemas: NamedSchemas): object {
  const { type = 'application/json', schema = {}, example } = content ?? {};
  const named = Object.entries(headers).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return {
    description: about,
    ...(named.length > 0 && { headers: Object.fromEntries(named) }),
    ...(content && {
      content: { [type]: { schema: schemas.refer(schema), examples: valuesOf({ example }) } },
    }),
  };
}

function refusalOf(status: number, names: readonly FailureName[], schemas: NamedSchemas): object {
  const { schema, example } = bodyOf(status);
  const mayRetry = names.some((name) => 'retryAfterSeconds' in failures[name]);
  const described = names.map((name) => `- \`${name}\`: ${failureWords[name]}`).join('\n');
  return {
    description: `${STATUS_CODES[status] ?? status}\n\n${described}`,
    ...(mayRetry && {
      headers: {
        'retry-after': { description: 'Seconds after which a retry may help.', schema: { type: 'string' } },
      },
    }),
    content: { 'application/json': { schema: schemas.refer(schema), examples: valuesOf({ example }) } },
    'x-failures': names,
  };
}

function bodyOf(status: number): { readonly schema: JsonSchema; readonly example: unknown } {
  const words = STATUS_CODES[status] ?? String(status);
  switch (status) {
    case 400:
      return { schema: { anyOf: [sentence, detail] }, example: { detail: 'There was an error parsing the body' } };
    case 403:
      return { schema: detail, example: { detail: words } };
    case 422:
      return { schema: { anyOf: [refusal, sentence, detail] }, example: refusalExample };
    default:
      return { schema: sentence, example: { exception_message: words } };
  }
}

function valuesOf(examples: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
}
