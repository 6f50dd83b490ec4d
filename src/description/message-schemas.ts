/**
 * What both sockets have: the exchange of credentials, and where a feed stands.
 */
import {
  eitherOf,
  flag,
  integer,
  literal,
  objectOf,
  optional,
  orNull,
  type Schema,
  text,
} from '../../schemas/json-schema.ts';
import type { AuthMessage, AuthSuccessFrame, ErrorFrame, WirePosition } from '../../schemas/wire.ts';
import type { Message } from './channel.ts';

export const auth: Message<AuthMessage> = {
  about: 'The first message. The answer is `auth_success`.',
  schema: objectOf<AuthMessage>({
    type: literal('auth'),
    token: orNull(text('The auth string of the server.'), { description: 'Null where the server has no auth string.' }),
    rejects: optional(
      flag('A producer wants a `reject` for each message that is not taken, instead of being closed.', {
        default: false,
      }),
    ),
    acks: optional(
      flag('Wants the answer with `acks`, an `error` before a close, and on `events/in` an `ack` for each group.', {
        default: false,
      }),
    ),
  }),
  example: { type: 'auth', token: null, rejects: true, acks: true },
};

export const authSuccess: Message<AuthSuccessFrame> = {
  about: 'The peer was let in.',
  schema: objectOf<AuthSuccessFrame>({
    type: literal('auth_success'),
    acks: optional(literal(true)),
    heartbeat_ms: optional(
      integer('With `acks`: between two looks for silence; heartbeats come to who asked for them.', { minimum: 1 }),
    ),
  }),
  example: { type: 'auth_success', acks: true, heartbeat_ms: 20_000 },
};

export const error: Message<ErrorFrame> = {
  about: 'To who asked for acks or positions, before the server closes the connection.',
  schema: objectOf<ErrorFrame>({
    type: literal('error'),
    failure: text('The name of a failure.'),
    reason: text('The whole of what the close frame has room for the beginning of.'),
    retry_after_ms: optional(integer('Absent where trying again does not help.', { minimum: 0 })),
  }),
  example: { type: 'error', failure: 'journalFull', reason: 'The journal is full.', retry_after_ms: 5_000 },
};

export const position: Schema<WirePosition> = eitherOf(
  integer('A seq, once the feed is past history.'),
  text('`<occurred>/<id>` within history, `start` before it.'),
  { description: 'Up to where the feed was given.' },
);

export const epoch = text('The journal that seqs belong to.');
