/**
 * The descriptions are of this server: of its routes, sockets, messages and failures, all and no others, with examples
 * that fit.
 */
import { describe, expect, it } from 'vitest';
import {
  ackFrame,
  authMessage,
  authSuccess,
  authSuccessFrame,
  caughtUpFrame,
  errorFrame,
  filterMessage,
  gapFrame,
  heartbeatFrame,
  rejectFrame,
  retryFrame,
  tokenFrame,
} from '../../schemas/wire.ts';
import { failures } from '../../src/base/errors.ts';
import { findRoute, routes, socketRoutes } from '../../src/server/route-table.ts';
import { asyncApiDocument, misfits, openApiDocument } from './documents.ts';

const operations = Object.entries(openApiDocument.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('the descriptions', () => {
  it('have every route of the table, and no other', () => {
    const described = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    const known = routes.map(({ path, method }) => `${method} ${path.replace(/:(\w+)/, '{$1}')}`);
    expect(described.sort()).toEqual(known.sort());
    expect(known.length).toBeGreaterThan(10);
    for (const { path } of operations) expect(findRoute(path.replace(/\{\w+\}/, 'event'))).not.toBeNull();
  });

  it('have every socket of the table, and no other', () => {
    const described = Object.values(asyncApiDocument.channels).map(({ address }) => address);
    expect(described).toEqual(socketRoutes.map(({ path }) => path));
  });

  it('say which routes want credentials', () => {
    for (const { path, method, operation } of operations) {
      const place = findRoute(path.replace(/\{\w+\}/, 'event'))!.place;
      const route = place.routes.find((each) => each.method === method.toUpperCase())!;
      const rights = route.needs === undefined ? [] : [route.needs];
      const wanted = route.isOpen ? [] : [{ basic: rights }, { bearer: rights }];
      expect([path, operation.security]).toEqual([path, wanted]);
      expect([path, '403' in operation.responses]).toEqual([path, route.needs !== undefined || path === '/ready']);
      expect([path, '401' in operation.responses]).toEqual([path, !route.isOpen || path === '/ready']);
    }
  });

  it('give each operation a name of its own', () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  it('have every failure with its status or its close code', () => {
    const ofRoutes = operations.flatMap(({ operation }) =>
      Object.entries(operation.responses).flatMap(([status, response]) =>
        (response['x-failures'] ?? []).map((name) => [name, Number(status)] as const),
      ),
    );
    const ofSockets = Object.values(asyncApiDocument.channels).flatMap((channel) =>
      Object.entries(channel['x-closes']).flatMap(([code, closes]) =>
        closes.map(({ failure }) => [failure, Number(code)] as const),
      ),
    );
    const rows: Record<string, { readonly status: number; readonly code: number }> = failures;
    expect(ofRoutes.filter(([name, status]) => rows[name]?.status !== status)).toEqual([]);
    expect(ofSockets.filter(([name, code]) => rows[name]?.code !== code)).toEqual([]);
    const named = new Set([...ofRoutes, ...ofSockets].map(([name]) => name));
    expect([...named].sort()).toEqual(Object.keys(failures).sort());
  });

  it.each([
    ['openapi', openApiDocument, 20],
    ['asyncapi', asyncApiDocument, 10],
  ] as const)('have examples that their schemas take: %s', (name, document, leastExamples) => {
    const examples = examplesIn(document, []);
    expect(examples.length).toBeGreaterThanOrEqual(leastExamples);
    expect(examples.flatMap(({ place, value }) => misfits(name, place, value) || [])).toEqual([]);
  });

  it('would see an example that does not fit', () => {
    const place = ['components', 'schemas', 'Event'];
    expect(misfits('openapi', place, { event: 'a' })).toContain('occurred');
  });
});

describe('the messages of the sockets', () => {
  const token = { token: '1~T', epoch: 'e1', checkpoint: 7, position: 'start', since: '2026-11-22T11:45:00Z' };
  it.each([
    ['producer', 'sent.auth', authMessage('secret', true)],
    ['producer', 'answered.auth_success', authSuccess],
    ['producer', 'sent.auth', authMessage(null, true, true)],
    ['producer', 'answered.auth_success', authSuccessFrame(20_000)],
    ['producer', 'answered.ack', ackFrame(7)],
    ['producer', 'answered.error', errorFrame({ failure: 'internal', reason: 'a fault', retry_after_ms: 0 })],
    ['subscriber', 'answered.heartbeat', heartbeatFrame(5)],
    ['subscriber', 'answered.heartbeat', heartbeatFrame(null)],
    ['subscriber', 'answered.error', errorFrame({ failure: 'badFilter', reason: 'no filter' })],
    ['subscriber', 'sent.filter', filterMessage({}, { positions: true, heartbeats: true })],
    ['producer', 'answered.reject', rejectFrame({ message: 2, failure: 'skipped', reason: 'too large' })],
    ['subscriber', 'sent.auth', authMessage()],
    [
      'subscriber',
      'sent.filter',
      filterMessage({ event: { name: ['a'] } }, { positions: true, resume: { token: 'T', position: 5 } }),
    ],
    ['subscriber', 'answered.token', tokenFrame(token)],
    ['subscriber', 'answered.caught_up', caughtUpFrame(5)],
    ['subscriber', 'answered.gap', gapFrame({ reason: 'head', epoch: 'e1', oldest: 3, head: 20 })],
    ['subscriber', 'answered.retry', retryFrame(100)],
  ])('are as their texts: %s %s', (channel, message, text) => {
    expect(misfits('asyncapi', ['channels', channel, 'messages', message, 'payload'], JSON.parse(text))).toBe('');
  });
});

interface Example {
  /** Of the schema that it must fit. */
  readonly place: readonly string[];
  readonly value: unknown;
}

/** Beside a schema stand examples by name (OpenAPI), a list of payloads (AsyncAPI), or a list within it. */
function examplesIn(node: unknown, place: readonly string[]): Example[] {
  if (typeof node !== 'object' || node === null) return [];
  const { examples, schema, payload } = node as Record<string, unknown>; // of any node
  const own = (): Example[] => {
    if (typeof examples !== 'object' || examples === null) return [];
    if (schema !== undefined) return valuesOf(examples, 'value', [...place, 'schema']);
    if (payload !== undefined) return valuesOf(examples, 'payload', [...place, 'payload']);
    return Object.values(examples).map((value) => ({ place, value }));
  };
  const inside = Object.entries(node).filter(([name]) => name !== 'examples');
  return [...own(), ...inside.flatMap(([name, each]) => examplesIn(each, [...place, name]))];
}

function valuesOf(examples: object, key: string, place: readonly string[]): Example[] {
  return Object.values(examples).map((each: Readonly<Record<string, unknown>>) => ({ place, value: each[key] }));
}
