/**
 * GET openapi.json, asyncapi.json and docs: the API described for programs and for people. Each document is made at its
 * first request, from the table of routes.
 */
import { asyncApi, asyncApiServers } from '../../description/asyncapi.ts';
import { openApi, openApiServers } from '../../description/openapi.ts';
import { descriptionOf } from '../../description/operations/server.ts';
import { pageHeaders, pageOf, withServer } from '../../description/page.ts';
import { json } from '../http-answer.ts';
import type { Route, SocketRoute } from '../route.ts';

/** Their table holds these routes too, so it is asked for later. */
export interface RouteTable {
  readonly routes: () => readonly Route[];
  readonly sockets: () => readonly SocketRoute[];
}

export function descriptionRoutes({ routes, sockets }: RouteTable): readonly Route[] {
  const openApiText = madeOnce(() => JSON.stringify(openApi(routes())));
  const asyncApiText = madeOnce(() => JSON.stringify(asyncApi(sockets())));
  const page = madeOnce(() => pageOf(routes(), sockets()));
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      links: true,
      isOpen: true,
      operation: descriptionOf('getOpenApi', 'Get the description of the HTTP API', 'OpenAPI 3.1.', {
        schema: { type: 'object' },
        example: { openapi: '3.1.0' },
      }),
      answer: ({ publicUrl }) => json(200, withServers(openApiText(), openApiServers(`${publicUrl}/api`))),
    },
    {
      method: 'GET',
      path: '/asyncapi.json',
      links: true,
      isOpen: true,
      operation: descriptionOf('getAsyncApi', 'Get the description of the WebSockets', 'AsyncAPI 3.', {
        schema: { type: 'object' },
        example: { asyncapi: '3.0.0' },
      }),
      answer: ({ publicUrl }) => json(200, withServers(asyncApiText(), asyncApiServers(`${publicUrl}/api`))),
    },
    {
      method: 'GET',
      path: '/docs',
      links: true,
      isOpen: true,
      operation: descriptionOf('getDocs', 'Read the API', 'Both descriptions as a page, without scripts.', {
        type: 'text/html; charset=utf-8',
        schema: { type: 'string' },
        example: '<!doctype html>',
      }),
      answer: ({ publicUrl }) => json(200, withServer(page(), publicUrl), pageHeaders),
    },
  ];
}

function madeOnce(make: () => string): () => string {
  let text: string | null = null;
  return () => {
    text ??= make();
    return text;
  };
}

/** The text of a document, of which only the servers are made for each client. */
function withServers(document: string, servers: object): string {
  return `${document.slice(0, -1)},"servers":${JSON.stringify(servers)}}`;
}
