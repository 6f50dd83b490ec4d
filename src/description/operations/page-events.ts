/**
 * POST events/filter and GET events/filter/next.
 */
import { integer, type JsonSchema, listOf, objectOf, orNull, text } from '../../../schemas/json-schema.ts';
import { pageEventsMax } from '../../../schemas/page.ts';
import type { AnsweredEvent } from '../../../schemas/wire.ts';
import { answeredEvent, answeredExample } from '../event-schemas.ts';
import { failsOfStore } from '../failures.ts';
import { filterExample, filterSchema } from '../filter-schema.ts';
import type { Answer, Operation } from '../operation.ts';

interface PageBody {
  readonly events: readonly AnsweredEvent[];
  readonly total: number;
  readonly next_page: string | null;
}

const page: Answer = {
  about: 'A page of events.',
  content: {
    schema: objectOf<PageBody>(
      {
        events: listOf(answeredEvent, { maxItems: pageEventsMax }),
        total: integer('How many fit in all, as of the first page.', { minimum: 0 }),
        next_page: orNull(text('Where the next page is.', { format: 'uri' }), {
          description: 'Null on the last page.',
        }),
      },
      { title: 'Page', additionalProperties: false },
    ),
    example: { events: [answeredExample], total: 1, next_page: null } satisfies PageBody,
  },
};

export const limitSchema: JsonSchema = { type: 'integer', minimum: 0, maximum: pageEventsMax, default: pageEventsMax };

export const filterEvents: Operation = {
  id: 'filterEvents',
  group: 'Questions',
  title: 'Find events',
  about:
    'The first page of the events that fit a filter, and how many there are. Events that come meanwhile shift no page.',
  body: {
    about: 'Without a filter: the last 180 days.',
    schema: {
      type: 'object',
      properties: {
        filter: filterSchema,
        limit: { ...limitSchema, description: 'Events of a page.' },
      },
    },
    examples: { 'events of doors': { filter: filterExample, limit: 10 }, everything: {} },
    required: false,
  },
  answers: { 200: page },
  fails: ['badFilter', 'tooManyAnswerBytes', ...failsOfStore],
};

export const nextPage: Operation = {
  id: 'nextPage',
  group: 'Questions',
  title: 'Get the next page',
  about: '`next_page` of a page is this address with its token. Filter, size and total are those of the first page.',
  parameters: [
    {
      name: 'page-token',
      in: 'query',
      about: 'The token of the page before, as it was given.',
      required: true,
      schema: { type: 'string' },
      example: 'tokenOfThePageBefore',
    },
  ],
  answers: { 200: page },
  fails: ['badFilter', 'forbidden', 'pageFilterGone', 'tooManyAnswerBytes', ...failsOfStore],
};
