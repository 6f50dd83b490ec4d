/**
 * The operation that lists the dead letter.
 */
import type { DeadLetterList, ListedDeadEvent } from '../../../schemas/dead-letter-list.ts';
import { flag, integer, listOf, objectOf, text } from '../../../schemas/json-schema.ts';
import type { Operation } from '../operation.ts';

const example: ListedDeadEvent = {
  seq: 1_866_000_000_000_001,
  id: '0192b6a0-0000-7000-8000-000000000001',
  since: '2026-11-29T08:30:00.000Z',
  reason: 'ClickHouse refused the rows (code 469, VIOLATED_CONSTRAINT).',
};

const listed = objectOf<ListedDeadEvent>(
  {
    seq: integer('Of the event.'),
    id: text('Of the event.'),
    since: text('When it was refused, in UTC.', { format: 'date-time' }),
    reason: text("Why, by ClickHouse's code and its name; nothing of the event is in it."),
  },
  { title: 'DeadEvent' },
);

export const listDeadLetter: Operation = {
  id: 'listDeadLetter',
  group: 'Server',
  title: 'List the dead letter',
  about:
    'The events that ClickHouse refused for their content, the oldest first, at most 100 of them. ' +
    'A token with a forced filter sees those that fit it. Several gateways have one dead letter, which each lists.',
  answers: {
    200: {
      about: 'They, and whether there are more.',
      content: {
        schema: objectOf<DeadLetterList>(
          { events: listOf(listed), more: flag('There are others behind them.') },
          { title: 'DeadLetter' },
        ),
        example: { events: [example], more: false },
      },
    },
  },
  fails: ['storeUnavailable'],
};
