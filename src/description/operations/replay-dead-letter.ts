/**
 * The operations that replay the dead letter.
 */
import type { DeadLetterReplay, ReplayRefusal } from '../../../schemas/dead-letter-replay.ts';
import { integer, listOf, objectOf, orNull, text, words } from '../../../schemas/json-schema.ts';
import type { Answer, Operation } from '../operation.ts';

const running: DeadLetterReplay = {
  state: 'running',
  started: '2026-11-29T08:30:00.000Z',
  ended: null,
  total: 3,
  tried: 2,
  stored: 1,
  kept: 1,
  refusals: [
    {
      seq: 1_866_000_000_000_001,
      id: '0192b6a0-0000-7000-8000-000000000001',
      reason: 'Cannot parse input',
    },
  ],
  reason: '',
};

const refusal = objectOf<ReplayRefusal>(
  {
    seq: integer('Of the event.'),
    id: text('Of the event.'),
    reason: text('Why it stays: in the words of ClickHouse, or because its producer sent it again meanwhile.'),
  },
  { title: 'ReplayRefusal' },
);

const schema = objectOf<DeadLetterReplay>(
  {
    state: words(['none', 'running', 'done', 'failed'], {
      description: '`none`: nobody has asked since the start of the server. `failed`: it ended early.',
    }),
    started: orNull(text('In UTC.', { format: 'date-time' })),
    ended: orNull(text('In UTC.', { format: 'date-time' })),
    total: integer('Events that were in the dead letter when it began.', { minimum: 0 }),
    tried: integer('So many of them were tried.', { minimum: 0 }),
    stored: integer('So many are in ClickHouse now.', { minimum: 0 }),
    kept: integer('So many stay in the dead letter.', { minimum: 0 }),
    refusals: listOf(refusal, {
      description: 'The first 20 of those that stay; none where reads have a forced filter.',
    }),
    reason: text('Why it ended early; else empty.'),
  },
  { title: 'DeadLetterReplay' },
);

function answerOf(about: string, example: DeadLetterReplay): Answer {
  return { about, content: { schema, example } };
}

export const beginReplay: Operation = {
  id: 'beginReplay',
  group: 'Server',
  title: 'Replay the dead letter',
  about:
    'Tries each event of the dead letter again, once, while the server goes on. What ClickHouse takes leaves the ' +
    'dead letter; each is stored once, however often this is asked, and over a crash too. One replay runs at a ' +
    'time: while one does, the answer is that one. Of several gateways the one that writes into ClickHouse does it, ' +
    'and the others say which that is.',
  answers: { 202: answerOf('It has begun, or was running.', running) },
  fails: ['storeUnavailable', 'otherWrites', 'storeRefused', 'shuttingDown'],
};

export const getReplay: Operation = {
  id: 'getReplay',
  group: 'Server',
  title: 'Ask how a replay goes',
  about: 'Of the replay that was begun last, since the start of the server.',
  answers: {
    200: answerOf('How far it is.', {
      ...running,
      state: 'done',
      ended: '2026-11-29T08:30:02.000Z',
      tried: 3,
      stored: 2,
    }),
  },
};
