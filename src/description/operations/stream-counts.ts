/**
 * GET events/count-by/{countable}.
 */

import { timeIntervalMin, timeUnits } from '../../../schemas/count.ts';
import type { CountsFrame } from '../../../schemas/count-frames.ts';
import { streamMessage } from '../../../schemas/wire.ts';
import { failsOfCounts, failsOfFeed } from '../failures.ts';
import { filterExample, filterSchema } from '../filter-schema.ts';
import type { Operation } from '../operation.ts';
import { countExample, countParameters } from './count-events.ts';

export const countsExample: CountsFrame = {
  type: 'counts',
  position: 1_848_291_773_004,
  since: '2026-11-22T11:00:00Z',
  until: '2026-11-22T12:00:00.099999Z',
  whole: true,
  counts: [countExample],
};

export const streamCounts: Operation = {
  id: 'streamCounts',
  group: 'Questions',
  title: 'Counts that stay live',
  about:
    'Server-Sent Events: a `counts` message with the list that POST gives, as of a position and of a window, and ' +
    'then, ten times a second at most, what is different. The last message is `error`, or `close` where the server ' +
    'stops.',
  parameters: [
    ...countParameters,
    {
      name: 'filter',
      in: 'query',
      about: 'The filter as JSON; all events without it. Without `occurred.until` the window ends now.',
      schema: filterSchema,
      isJson: true,
      example: filterExample,
    },
    {
      name: 'time_unit',
      in: 'query',
      about: 'Of the buckets of time.',
      schema: { type: 'string', enum: timeUnits, default: 'day' },
      example: 'minute',
    },
    {
      name: 'time_interval',
      in: 'query',
      about: 'Width of a bucket, in units.',
      schema: { type: 'number', minimum: timeIntervalMin, default: 1 },
      example: 1,
    },
    {
      name: 'last',
      in: 'query',
      about: 'A window that slides, as `45s`, `10m`, `12h`, `7d` or `4w`, in the place of `occurred`.',
      schema: { type: 'string', pattern: '^\\d{1,9}(\\.\\d{1,3})?[smhdw]$' },
      example: '1h',
    },
  ],
  answers: {
    200: {
      about: 'The stream. It ends when one of the two ends it.',
      content: {
        type: 'text/event-stream',
        schema: { type: 'string' },
        example: streamMessage({
          event: 'counts',
          id: String(countsExample.position),
          data: JSON.stringify(countsExample),
        }),
      },
    },
  },
  fails: [...failsOfFeed, ...failsOfCounts],
};
