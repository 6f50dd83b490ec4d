/**
 * The operation that lists connections.
 */
import type { ConnectionList, ListedConnection } from '../../../schemas/connection-list.ts';
import { flag, integer, listOf, objectOf, orNull, text, words } from '../../../schemas/json-schema.ts';
import type { Operation } from '../operation.ts';

const example: ListedConnection = {
  id: 7,
  kind: 'subscriber',
  transport: 'websocket',
  phase: 'streaming',
  name: 'dashboard',
  opened: '2026-11-29T08:30:00.000Z',
  filter: '{"event":{"prefix":["order."]}}',
  lag_events: 0,
  lagging: false,
  waiting_bytes: 0,
};

const listed = objectOf<ListedConnection>(
  {
    id: integer('Its number within this run of the server.'),
    kind: words(['producer', 'subscriber']),
    transport: words(['websocket', 'stream'], { description: '`stream` is one by Server-Sent Events.' }),
    phase: text('Where it stands: `authenticating`, `receiving`, `awaitingFilter`, `streaming` and so on.'),
    name: text('Of its credential.'),
    opened: text('When it came, in UTC.', { format: 'date-time' }),
    filter: orNull(text('Of a subscriber, as it was sent, in JSON; null for one over 500 bytes.')),
    lag_events: orNull(
      integer(
        'Events of the log that a subscriber was not given yet, be they for it or not; null for a producer, and ' +
          'while it reads history.',
        { minimum: 0 },
      ),
    ),
    lagging: flag('It is a subscriber that fell back from live to the log, and is not live again.'),
    waiting_bytes: integer('What waits for a subscriber to take it.', { minimum: 0 }),
  },
  { title: 'Connection' },
);

export const listConnections: Operation = {
  id: 'listConnections',
  group: 'Server',
  title: 'List the lasting connections',
  about: 'WebSockets and event streams, in the order in which they came.',
  answers: {
    200: {
      about: 'The connections.',
      content: {
        schema: objectOf<ConnectionList>({ connections: listOf(listed) }, { title: 'Connections' }),
        example: { connections: [example] },
      },
    },
  },
};
