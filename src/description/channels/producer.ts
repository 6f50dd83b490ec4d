/**
 * WS events/in.
 */
import { integer, literal, objectOf, text } from '../../../schemas/json-schema.ts';
import type { AckFrame, InFrame, InMessage, RejectFrame, SentEvent } from '../../../schemas/wire.ts';
import type { Channel, Message, MessagesOf } from '../channel.ts';
import { eventExample, sentEvent } from '../event-schemas.ts';
import { failsOfIntake } from '../failures.ts';
import { auth, authSuccess, error } from '../message-schemas.ts';

const event: Message<SentEvent> = {
  about: 'An event. There is no answer to it: a pong, or a close, says what became of all before.',
  schema: sentEvent,
  example: eventExample,
};

const reject: Message<RejectFrame> = {
  about: 'To a producer that asked for it: one of its messages was not taken. The connection goes on.',
  schema: objectOf<RejectFrame>({
    type: literal('reject'),
    message: integer('Which one: the first message after the auth message is 1.', { minimum: 1 }),
    failure: text('The name of a failure, or `skipped`: too large, or refused before with the same bytes.'),
    reason: text('One sentence.'),
  }),
  example: { type: 'reject', message: 3, failure: 'badEvent', reason: 'resource: Field required' },
};

const ack: Message<AckFrame> = {
  about: 'To a producer that asked for it: all of its messages up to this one are durable, but for the rejected.',
  schema: objectOf<AckFrame>({
    type: literal('ack'),
    message: integer('The first message after the auth message is 1.', { minimum: 1 }),
  }),
  example: { type: 'ack', message: 3 },
};

/** All that a producer sends but events, which have no `type`. */
const sent: MessagesOf<Exclude<InMessage, SentEvent>> = { auth };
const answered: MessagesOf<InFrame> = { auth_success: authSuccess, reject, ack, error };

export const producerChannel: Channel = {
  id: 'producer',
  title: 'Send events',
  about:
    'Each text message is one event. **A pong acknowledges**: it is sent when all events before its ping are ' +
    'durable. If they cannot be made durable the socket is broken off without a pong: connect again, and send again ' +
    'what was not acknowledged.',
  sent: { ...sent, event },
  answered,
  fails: [
    'badEvent',
    'badMessage',
    'badText',
    'stalledSubscriber',
    'overConnections',
    'closedByOperator',
    ...failsOfIntake,
  ],
};
