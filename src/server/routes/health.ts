/**
 * GET health: the process lives. GET ready: intake is durable (docs/design.md, "Health").
 */
import { nobody } from '../../access/identity.ts';
import { getHealth, getReady } from '../../description/operations/server.ts';
import { json, lacksRight, unauthorized } from '../http-answer.ts';
import type { Route } from '../route.ts';

export const healthRoute: Route = {
  method: 'GET',
  path: '/health',
  operation: getHealth,
  isOpen: true,
  answer: () => json(200, 'true'),
};

export const readyRoute: Route = {
  method: 'GET',
  path: '/ready',
  operation: getReady,
  isOpen: true,
  answer: ({ query, identity }, parts) => {
    const isVerbose = query.get('verbose') === '1';
    if (isVerbose && identity === nobody) return unauthorized;
    if (isVerbose && !identity.rights.has('admin')) return lacksRight('admin');
    const { ok, reason, verbose } = parts.ready();
    const body = JSON.stringify({ message: ok ? 'OK' : reason, ...(isVerbose ? verbose() : {}) });
    return ok ? json(200, body) : json(503, body, { 'retry-after': '2' });
  },
};
