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
import type { AuthMessage, AuthSuccessFrame, WirePosition } from '../../schemas/wire.ts';
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
  }),
  example: { type: 'auth', token: null, rejects: true },
};

export const authSuccess: Message<AuthSuccessFrame> = {
  about: 'The peer was let in.',
  schema: objectOf<AuthSuccessFrame>({ type: literal('auth_success') }),
  example: { type: 'auth_success' },
};

export const position: Schema<WirePosition> = eitherOf(
  integer('A seq, once the feed is past history.'),
  text('`<occurred>/<id>` within history, `start` before it.'),
  { description: 'Up to where the feed was given.' },
);

export const epoch = text('The journal that seqs belong to.');
