/**
 * GET admin/dead-letter: the events that ClickHouse refused for their content.
 */
import { listDeadLetter } from '../../description/operations/list-dead-letter.ts';
import { json } from '../http-answer.ts';
import type { Route } from '../route.ts';

const eventsMax = 100;

export const listDeadLetterRoute: Route = {
  method: 'GET',
  path: '/admin/dead-letter',
  needs: 'admin',
  operation: listDeadLetter,
  answer: async ({ identity }, { deadLetter }) => json(200, JSON.stringify(await deadLetter(eventsMax, identity))),
};
