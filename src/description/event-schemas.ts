/**
 * Events as JSON Schema: as a producer sends them, and as every answer has them.
 */
import {
  eventNameCharactersMax,
  type Labels,
  labelsMax,
  relatedMax,
  resourceIdLabel,
  resourceRoleLabel,
} from '../../schemas/event.ts';
import {
  anything,
  listOf,
  objectOf,
  optional,
  orNull,
  recordOf,
  type Schema,
  text,
} from '../../schemas/json-schema.ts';
import type { AnsweredEvent, SentEvent } from '../../schemas/wire.ts';

const label: Schema<string> = { type: 'string' };
const labelWithText: Schema<string> = { type: 'string', minLength: 1 };

const resource: Schema<Labels> = {
  ...recordOf(label, { maxProperties: labelsMax }),
  title: 'Resource',
  description: `Labels of what the event is about. \`${resourceIdLabel}\` names it.`,
  properties: { [resourceIdLabel]: labelWithText },
  required: [resourceIdLabel],
};

const relatedResource: Schema<Labels> = {
  ...recordOf(label, { maxProperties: labelsMax }),
  title: 'RelatedResource',
  description: `Labels of another resource that had a part in it. \`${resourceRoleLabel}\` says which.`,
  properties: { [resourceIdLabel]: labelWithText, [resourceRoleLabel]: labelWithText },
  required: [resourceIdLabel, resourceRoleLabel],
};

const name = text('What happened.', { maxLength: eventNameCharactersMax });
const related = listOf(relatedResource, { maxItems: relatedMax });
const payload = recordOf(anything, {
  description: 'Anything else, as JSON. Numbers keep the text they were sent with.',
});
const uuid = text('A UUID.', { format: 'uuid' });

const time = text('A time in UTC, with microseconds where they are not zero.', { format: 'date-time' });

const sentTime = text('When it happened: ISO 8601, UTC where it has no zone.', { format: 'date-time' });

/** Over HTTP the id is required; over a WebSocket one that is left out is an error, too. */
export const sentEvent: Schema<SentEvent> = objectOf<SentEvent>(
  {
    occurred: sentTime,
    event: name,
    resource,
    related: optional(related),
    payload: optional(payload),
    id: optional({ ...uuid, description: 'A UUID of its own: an event that is sent again is stored once.' }),
    follows: optional(orNull({ ...uuid, description: 'The id of the event that it follows.' })),
  },
  {
    title: 'SentEvent',
    description: 'An event as a producer sends it. Other fields are dropped.',
    required: ['occurred', 'event', 'resource', 'id'],
  },
);

export const answeredEvent: Schema<AnsweredEvent> = objectOf<AnsweredEvent>(
  {
    occurred: { ...time, description: 'When it happened, in UTC.' },
    event: name,
    resource,
    related,
    payload,
    id: uuid,
    follows: orNull(uuid),
    received: { ...time, description: 'When Sluice took it in, in UTC.' },
  },
  { title: 'Event', description: 'An event as it was stored: one text, everywhere.', additionalProperties: false },
);

export const eventExample = {
  occurred: '2026-11-22T11:59:58.120000Z',
  event: 'door.opened',
  resource: { [resourceIdLabel]: 'door.7', region: 'eu' },
  related: [{ [resourceIdLabel]: 'house.1', [resourceRoleLabel]: 'house' }],
  payload: { by: 'ann' },
  id: '019ab7c4-5a00-7000-8000-000000000001',
  follows: null,
} as const satisfies SentEvent;

export const answeredExample: AnsweredEvent = { ...eventExample, received: '2026-11-22T11:59:58.204000Z' };
