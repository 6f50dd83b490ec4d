/**
 * DELETE admin/connections/{id}: an operator ends a lasting connection. Its client is told that it was meant so, and
 * does not come back by itself.
 */
import { knownWho, whoIs } from '../../access/audit-facts.ts';
import { closeConnection } from '../../description/operations/close-connection.ts';
import { farewellFor } from '../connection.ts';
import { noContent, notFound } from '../http-answer.ts';
import type { Route } from '../route.ts';

export const closeConnectionRoute: Route = {
  method: 'DELETE',
  path: '/admin/connections/:id',
  needs: 'admin',
  operation: closeConnection,
  answer: ({ open, parameter, identity }, { log, audit, credentials: { isRequired } }) => {
    const connection = open.find(parameter);
    if (connection === null) return notFound;
    log.info(
      { id: Number(parameter), of: connection.identity.name, by: identity.name },
      'an operator closed a connection',
    );
    audit.operated({
      what: 'connection closed',
      who: whoIs(identity, isRequired),
      connection: Number(parameter),
      of: knownWho(connection.identity, isRequired),
    });
    connection.stop(farewellFor('closedByOperator', 'closed by an operator'), null);
    return noContent;
  },
};
