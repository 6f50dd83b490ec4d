/**
 * The operation that closes a connection.
 */
import { detail } from '../failures.ts';
import type { Operation } from '../operation.ts';

export const closeConnection: Operation = {
  id: 'closeConnection',
  group: 'Server',
  title: 'Close a lasting connection',
  about:
    'A WebSocket is closed with 1008 "closed by an operator", an event stream by a last message of the same words. ' +
    'All that was acknowledged stays acknowledged.',
  parameters: [
    {
      name: 'id',
      in: 'path',
      about: 'Its number, as the list of connections has it.',
      required: true,
      schema: { type: 'integer', minimum: 1 },
      example: 7,
    },
  ],
  answers: {
    204: { about: 'It is being closed.' },
    404: {
      about: 'There is no such connection, or no more.',
      content: { schema: detail, example: { detail: 'Not Found' } },
    },
  },
};
