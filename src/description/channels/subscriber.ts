/**
 * WS events/out.
 */
import { flag, integer, literal, objectOf, optional, text, words } from '../../../schemas/json-schema.ts';
import type {
  CaughtUpFrame,
  EventFrame,
  FilterMessage,
  GapFrame,
  HeartbeatFrame,
  OutFrame,
  OutMessage,
  ResumePoint,
  RetryFrame,
  TokenFrame,
} from '../../../schemas/wire.ts';
import type { Channel, Message, MessagesOf } from '../channel.ts';
import { askForCounts, counts } from '../count-messages.ts';
import { answeredEvent, answeredExample } from '../event-schemas.ts';
import { failsOfCounts, failsOfFeed } from '../failures.ts';
import { filterExample, filterSchema } from '../filter-schema.ts';
import { auth, authSuccess, epoch, error, position } from '../message-schemas.ts';

const filter: Message<FilterMessage> = {
  about: 'The second message: what to get. All later ones are ignored.',
  schema: objectOf<FilterMessage>({
    type: literal('filter'),
    filter: filterSchema,
    backfill: optional(flag('History comes first.', { default: true })),
    positions: optional(flag('Wants a position beside each event, and control frames.', { default: false })),
    heartbeats: optional(flag('With positions: wants a `heartbeat` when nothing else comes.', { default: false })),
    resume: optional(
      objectOf<ResumePoint>(
        { token: text('The newest token that was given.'), position },
        { description: 'Wants what comes behind this position; implies `positions`.' },
      ),
    ),
  }),
  example: { type: 'filter', filter: filterExample, backfill: true, positions: true },
};

const event: Message<EventFrame> = {
  about: 'An event that fits: first history, oldest first, then live. Each comes exactly once.',
  schema: objectOf<EventFrame>({
    type: literal('event'),
    event: answeredEvent,
    position: optional({ ...position, description: 'Only to a subscriber that wants positions.' }),
  }),
  example: { type: 'event', event: answeredExample, position: 1_848_291_773_004 },
};

const token: Message<TokenFrame> = {
  about: 'With positions, before anything that follows from it: names the feed that positions belong to.',
  schema: objectOf<TokenFrame>({
    type: literal('token'),
    token: text('To be sent back, as it is, with the last position.'),
    epoch,
    checkpoint: integer('What is older comes from history, in the order of `occurred`.'),
    position,
    since: text('Nothing that occurred before is in the feed.'),
  }),
  example: {
    type: 'token',
    token: 'v1.tokenOfTheFeed',
    epoch: 'e1',
    checkpoint: 1_848_291_773_000,
    position: 'start',
    since: '2026-11-22T11:45:00Z',
  },
};

const caughtUp: Message<CaughtUpFrame> = {
  about: 'With positions: from here on the feed is live.',
  schema: objectOf<CaughtUpFrame>({ type: literal('caught_up'), position: integer('Up to where it was given.') }),
  example: { type: 'caught_up', position: 1_848_291_773_004 },
};

const heartbeat: Message<HeartbeatFrame> = {
  about: 'To a subscriber that asked for heartbeats: nothing else came for a while, and all is well.',
  schema: objectOf<HeartbeatFrame>({
    type: literal('heartbeat'),
    position: optional(integer('All up to here was given or does not fit; absent within history.')),
  }),
  example: { type: 'heartbeat', position: 1_848_291_773_004 },
};

const gap: Message<GapFrame> = {
  about: 'With positions: what follows may not be all that came after the position.',
  schema: objectOf<GapFrame>({
    type: literal('gap'),
    reason: words(['epoch', 'head', 'retention'], {
      description: 'Another journal; a position that was never given; a position whose next events have expired.',
    }),
    epoch,
    oldest: integer('From this seq on nothing is missing, up to the head.'),
    head: integer('The newest seq.'),
  }),
  example: { type: 'gap', reason: 'retention', epoch: 'e1', oldest: 1_848_291_773_000, head: 1_848_291_773_004 },
};

const retry: Message<RetryFrame> = {
  about: 'With positions, before the server closes the connection to stop: when to come back.',
  schema: objectOf<RetryFrame>({ type: literal('retry'), after_ms: integer('Milliseconds.', { minimum: 0 }) }),
  example: { type: 'retry', after_ms: 1200 },
};

const sent: MessagesOf<OutMessage> = { auth, filter, counts: askForCounts };
const answered: MessagesOf<OutFrame> = {
  auth_success: authSuccess,
  event,
  token,
  caught_up: caughtUp,
  heartbeat,
  gap,
  retry,
  counts,
  error,
};

export const subscriberChannel: Channel = {
  id: 'subscriber',
  title: 'Get events as they come',
  about:
    'After the exchange of credentials the subscriber sends one filter, or asks for counts, and then only listens. ' +
    'Without ' +
    '`occurred.until` the feed has no end. A subscriber that reads slowly loses nothing. One that asks for positions ' +
    'can go on exactly where it was, also after a restart of the server.',
  sent,
  answered,
  fails: ['badFilter', 'badText', 'stalledSubscriber', 'pastRetention', ...failsOfFeed, ...failsOfCounts],
};
