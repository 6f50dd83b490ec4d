/**
 * GET events/out.
 */
import type { JsonSchema } from '../../../schemas/json-schema.ts';
import { streamId, streamMessage } from '../../../schemas/wire.ts';
import { answeredExample } from '../event-schemas.ts';
import { failsOfFeed } from '../failures.ts';
import { filterExample, filterSchema } from '../filter-schema.ts';
import type { Operation } from '../operation.ts';

const idExample = streamId(1_848_291_773_000, 'v1.tokenOfTheFeed');
const idSchema: JsonSchema = { type: 'string', minLength: 1 };

export const streamEvents: Operation = {
  id: 'streamEvents',
  group: 'Events',
  title: 'Get events as they come',
  about:
    'Server-Sent Events: first history, oldest first, then live. Each matching event comes exactly once. A message ' +
    'without a name is an event. `token`, `caught_up` and `gap` say where the feed is; `close` is the last one and ' +
    'says why. The id of a message is all that is needed to go on behind it.',
  parameters: [
    {
      name: 'filter',
      in: 'query',
      about: 'The filter as JSON; all events without it.',
      schema: filterSchema,
      isJson: true,
      example: filterExample,
    },
    {
      name: 'backfill',
      in: 'query',
      about: '`false` or `0`: without history.',
      schema: { type: 'string', enum: ['true', 'false', '1', '0'], default: 'true' },
      example: 'false',
    },
    {
      name: 'positions',
      in: 'query',
      about: '`true` or `1`: history as far back as for sockets with positions, and a `close` that names the failure.',
      schema: { type: 'string', enum: ['true', 'false', '1', '0'], default: 'false' },
      example: 'true',
    },
    {
      name: 'last-event-id',
      in: 'query',
      about: 'The id to go on behind.',
      schema: idSchema,
      example: idExample,
    },
    {
      name: 'Last-Event-ID',
      in: 'header',
      about: 'The same. Browsers send it when they connect again; it counts before the one of the URL.',
      schema: idSchema,
      example: idExample,
    },
  ],
  answers: {
    200: {
      about: 'The stream. It ends when one of the two ends it.',
      content: {
        type: 'text/event-stream',
        schema: { type: 'string' },
        example: streamMessage({ id: idExample, data: JSON.stringify(answeredExample) }),
      },
    },
  },
  fails: failsOfFeed,
};
