/**
 * GET admin/status: how the server stands, for an operator.
 */
import { getStatus } from '../../description/operations/get-status.ts';
import { json } from '../http-answer.ts';
import type { Route } from '../route.ts';

export const statusRoute: Route = {
  method: 'GET',
  path: '/admin/status',
  needs: 'admin',
  operation: getStatus,
  answer: (_, { ready, status }) => {
    const { ok, reason } = ready();
    return json(200, JSON.stringify({ ok, message: ok ? 'OK' : reason, ...status() }));
  },
};
