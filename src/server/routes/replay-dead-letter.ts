/**
 * POST admin/dead-letter/replay begins a replay of the dead letter, or finds the one that is running; GET says how the
 * newest one goes.
 */
import type { DeadLetterReplay } from '../../../schemas/dead-letter-replay.ts';
import type { Identity } from '../../access/identity.ts';
import { beginReplay, getReplay } from '../../description/operations/replay-dead-letter.ts';
import { json } from '../http-answer.ts';
import type { Route } from '../route.ts';

const path = '/admin/dead-letter/replay';

export const beginReplayRoute: Route = {
  method: 'POST',
  path,
  needs: 'admin',
  operation: beginReplay,
  bodyBytesMax: 1024,
  answer: ({ identity }, { replays }) => json(202, textFor(identity, replays.begin(identity.name))),
};

export const getReplayRoute: Route = {
  method: 'GET',
  path,
  needs: 'admin',
  operation: getReplay,
  answer: ({ identity }, { replays }) => json(200, textFor(identity, replays.newest)),
};

/** Whose reads have a forced filter is told of no single event (I14). */
function textFor({ forced }: Pick<Identity, 'forced'>, replay: DeadLetterReplay): string {
  return JSON.stringify(forced.length === 0 ? replay : { ...replay, refusals: [] });
}
