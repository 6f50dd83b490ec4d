/**
 * The messages of live counts on WS events/out.
 */

import { timeIntervalMin, timeUnits } from '../../schemas/count.ts';
import type { CountsFrame, CountsMessage } from '../../schemas/count-frames.ts';
import { flag, integer, listOf, literal, objectOf, optional, text, words } from '../../schemas/json-schema.ts';
import type { Message } from './channel.ts';
import { filterExample, filterSchema } from './filter-schema.ts';
import { count } from './operations/count-events.ts';
import { countsExample } from './operations/stream-counts.ts';

export const askForCounts: Message<CountsMessage> = {
  about: 'In the place of the filter: wants counts that stay live. All later messages are ignored.',
  schema: objectOf<CountsMessage>({
    type: literal('counts'),
    filter: filterSchema,
    countable: text('`day`, `time`, `event`, `resource`, or `label:` and the name of a label.'),
    time_unit: optional(words(timeUnits, { description: 'Of the buckets of `time`.', default: 'day' })),
    time_interval: optional({ type: 'number', minimum: timeIntervalMin, default: 1, description: 'In units.' }),
    limit: optional(integer('So many of the largest groups; all without it.', { minimum: 1 })),
    last: optional(
      text('A window that slides, as `45s`, `10m`, `12h`, `7d` or `4w`, in the place of `filter.occurred`.'),
    ),
    heartbeats: optional(flag('Wants a `heartbeat` when nothing else comes.', { default: false })),
  }),
  example: { type: 'counts', filter: filterExample, countable: 'event', limit: 50, heartbeats: true },
};

export const counts: Message<CountsFrame> = {
  about:
    'The list that POST count-by gives for `since` and `until`, as of `position`: first the `whole`, then what is ' +
    'different. The key of an item is its `value`, of `time` and `day` its `start_time`.',
  schema: objectOf<CountsFrame>({
    type: literal('counts'),
    position: integer('The list is that of all events up to here.'),
    since: text('Start of its window.', { format: 'date-time' }),
    until: text('End of its window.', { format: 'date-time' }),
    whole: optional(literal(true)),
    counts: optional(listOf(count)),
    changed: optional(listOf(count)),
    removed: optional(listOf(text('A key.'))),
  }),
  example: countsExample,
};
