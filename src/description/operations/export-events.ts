/**
 * POST events/export.
 */
import { objectOf, text } from '../../../schemas/json-schema.ts';
import { answeredExample } from '../event-schemas.ts';
import { failsOfStore } from '../failures.ts';
import { filterExample, filterSchema } from '../filter-schema.ts';
import type { Operation } from '../operation.ts';

interface Place {
  readonly occurred: string;
  readonly id: string;
}

export const exportEvents: Operation = {
  id: 'exportEvents',
  group: 'Questions',
  title: 'Export events',
  about:
    'All events that fit a filter, one a line, oldest first, as of one moment. Only a whole export ends with the ' +
    'last chunk. One that broke off goes on with the token of its head and the last event that came whole.',
  body: {
    about: 'A filter, or where an earlier export goes on.',
    schema: {
      type: 'object',
      properties: {
        filter: { ...filterSchema, description: 'Which events; the last 180 days without it. Its `order` is ignored.' },
        token: text('Of the export that goes on, from its head.'),
        after: objectOf<Place>(
          {
            occurred: text('Of the last event that came.', { format: 'date-time' }),
            id: text('Its id.', { format: 'uuid' }),
          },
          { description: 'Beside `token`: the last event that came whole.' },
        ),
      },
    },
    examples: {
      'from the start': { filter: filterExample },
      'go on': {
        token: 'tokenOfTheExport',
        after: { occurred: answeredExample.occurred, id: answeredExample.id },
      },
    },
    required: false,
  },
  answers: {
    200: {
      about: 'Events, a line each.',
      content: {
        type: 'application/x-ndjson',
        schema: { type: 'string' },
        example: `${JSON.stringify(answeredExample)}\n`,
      },
      headers: {
        'sluice-export-token': 'Names the export: a request to go on sends it back.',
        'access-control-expose-headers': 'Lets a page of another origin read that.',
      },
    },
  },
  fails: ['badFilter', 'forbidden', 'pageFilterGone', ...failsOfStore],
};
