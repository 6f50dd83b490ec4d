/**
 * POST events.
 */
import { listOf } from '../../../schemas/json-schema.ts';
import { eventExample, sentEvent } from '../event-schemas.ts';
import { failsOfIntake } from '../failures.ts';
import type { Operation } from '../operation.ts';

export const sendEvents: Operation = {
  id: 'sendEvents',
  group: 'Events',
  title: 'Send events',
  about:
    'Takes the whole list or nothing. The answer comes when every event is durable, so after it nothing is lost. ' +
    'An event with an id that is known already is answered and not stored again: send again whatever was not answered.',
  body: {
    about: 'Events, at most as many bytes as `SLUICE_BODY_BYTES_MAX` allows. Each has at most 1,500,000 bytes.',
    schema: listOf(sentEvent),
    examples: { 'one event': [eventExample] },
    required: true,
  },
  answers: { 204: { about: 'All are durable.' } },
  fails: ['badEvent', 'forwardedBack', ...failsOfIntake],
};
