/**
 * GET admin/connections: who is connected for longer, and how much waits for each.
 */
import type { ConnectionList } from '../../../schemas/connection-list.ts';
import { listConnections } from '../../description/operations/list-connections.ts';
import { json } from '../http-answer.ts';
import type { Route } from '../route.ts';

export const listConnectionsRoute: Route = {
  method: 'GET',
  path: '/admin/connections',
  needs: 'admin',
  operation: listConnections,
  answer: ({ open }, { eventsAbove }) => {
    const list: ConnectionList = { connections: open.list(eventsAbove) };
    return json(200, JSON.stringify(list));
  },
};
