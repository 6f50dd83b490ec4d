/**
 * GET events/out: one subscriber by Server-Sent Events.
 */
import { streamEvents } from '../../description/operations/stream-events.ts';
import { invalidRequest } from '../http-answer.ts';
import { readStreamRequest } from '../read-stream-request.ts';
import type { Route } from '../route.ts';
import { shownFilterText } from '../subscriber-load.ts';
import { type BeginStream, openStream } from '../subscriber-stream.ts';

export const streamEventsRoute: Route = {
  method: 'GET',
  path: '/events/out',
  needs: 'read',
  operation: streamEvents,
  answer: (request, { now, options, openFeed }) => {
    const { identity } = request;
    const checked = readStreamRequest(request, { ...options, now: now(), scope: identity });
    if (!checked.ok) return invalidRequest(checked.issues, 'null');
    const { wantsReasons } = checked.value;
    const begin: BeginStream = (out, listener) => openFeed(checked.value, out, listener);
    const filter = shownFilterText(request.query.get('filter'));
    return {
      stream: (out, tools) => openStream(out, tools, { identity, filter, wantsReasons, failed: 'close' }, begin),
    };
  },
};
