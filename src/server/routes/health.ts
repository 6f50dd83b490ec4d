/**
 * GET health: the process lives. GET ready: intake is durable (docs/design.md, "Health").
 */
import { json, unauthorized } from '../http-answer.ts';
import type { Route } from '../route.ts';

export const healthRoute: Route = {
  method: 'GET',
  path: '/health',
  isOpen: true,
  answer: () => json(200, 'true'),
};

export const readyRoute: Route = {
  method: 'GET',
  path: '/ready',
  isOpen: true,
  answer: ({ query, isAuthorized }, parts) => {
    const isVerbose = query.get('verbose') === '1';
    if (isVerbose && !isAuthorized) return unauthorized;
    const { ok, reason, verbose } = parts.ready();
    const body = JSON.stringify({ message: ok ? 'OK' : reason, ...(isVerbose ? verbose() : {}) });
    return ok ? json(200, body) : json(503, body, { 'retry-after': '2' });
  },
};
