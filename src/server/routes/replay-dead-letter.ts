/**
 * POST admin/dead-letter/replay begins a replay of the dead letter, or finds the one that is running; GET says how the
 * newest one goes.
 */
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
  answer: ({ identity }, { replays }) => json(202, JSON.stringify(replays.begin(identity.name))),
};

export const getReplayRoute: Route = {
  method: 'GET',
  path,
  needs: 'admin',
  operation: getReplay,
  answer: (_, { replays }) => json(200, JSON.stringify(replays.newest)),
};
