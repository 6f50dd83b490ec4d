/**
 * POST events/count-by/{countable}.
 */
import {
  type Count,
  countables,
  labelCountable,
  labelNamesCountable,
  timeIntervalMin,
  timeUnits,
} from '../../../schemas/count.ts';
import { integer, listOf, objectOf, text } from '../../../schemas/json-schema.ts';
import { failsOfStore } from '../failures.ts';
import { filterExample, filterSchema } from '../filter-schema.ts';
import type { Operation, Parameter } from '../operation.ts';

export const count = objectOf<Count>(
  {
    value: text('What is counted: a name, an id, a value of the label, or the number of the bucket.'),
    label: text('The same for people: the name of a resource, the start of a bucket.'),
    count: integer('How many events.', { minimum: 0 }),
    start_time: text('The first of them; the start of a bucket.', { format: 'date-time' }),
    end_time: text('The last of them; the end of a bucket.', { format: 'date-time' }),
  },
  { title: 'Count', additionalProperties: false },
);

export const countExample: Count = {
  value: 'door.opened',
  label: 'door.opened',
  count: 3,
  start_time: '2026-11-22T08:00:00Z',
  end_time: '2026-11-22T11:59:58.120000Z',
};

const words = countables.map((each) => `\`${each}\``).join(', ');

export const countParameters: readonly Parameter[] = [
  {
    name: 'countable',
    in: 'path',
    about:
      `What to count by: ${words}, \`${labelCountable}\` and the name of a label, ` +
      `or the names themselves (\`${labelNamesCountable}\`).`,
    required: true,
    schema: { type: 'string', pattern: `^(${countables.join('|')}|${labelNamesCountable}|${labelCountable}.+)$` },
    example: 'event',
  },
  {
    name: 'limit',
    in: 'query',
    about: 'So many of the largest groups; all without it. Buckets of time are always all.',
    schema: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    example: 10,
  },
];

export const countEvents: Operation = {
  id: 'countEvents',
  group: 'Questions',
  title: 'Count events',
  about:
    'How many events fit a filter: by `time` (or `day`), by name (`event`), by `resource`, or by the value of a ' +
    'label of the resource (`label:region`). Buckets of time are all there, empty ones too; groups come with the ' +
    'largest first.',
  parameters: countParameters,
  body: {
    about: 'The filter, and how long a bucket of time is: at most 1,000 buckets.',
    schema: {
      type: 'object',
      properties: {
        filter: filterSchema,
        time_unit: { type: 'string', enum: timeUnits, default: 'day' },
        time_interval: {
          type: 'number',
          minimum: timeIntervalMin,
          default: 1,
          description: 'Of a bucket, in units.',
        },
      },
      required: ['filter'],
    },
    examples: { 'by hour': { filter: filterExample, time_unit: 'hour', time_interval: 1 } },
    required: true,
  },
  answers: { 200: { about: 'The counts.', content: { schema: listOf(count), example: [countExample] } } },
  fails: ['badFilter', ...failsOfStore],
};
