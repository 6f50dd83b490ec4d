/**
 * GET events/count-by/{countable}: a live count by Server-Sent Events.
 */
import { streamCounts } from '../../description/operations/stream-counts.ts';
import { invalidRequest } from '../http-answer.ts';
import { readCountsRequest } from '../read-counts-message.ts';
import type { Route } from '../route.ts';
import { shownFilterText } from '../subscriber-load.ts';
import { type BeginStream, openStream } from '../subscriber-stream.ts';

export const streamCountsRoute: Route = {
  method: 'GET',
  path: '/events/count-by/:countable',
  needs: 'read',
  operation: streamCounts,
  answer: (request, { now, watchCounts }) => {
    const { identity } = request;
    const checked = readCountsRequest(request, { now: now(), scope: identity });
    if (!checked.ok) return invalidRequest(checked.issues, 'null');
    const begin: BeginStream = (out, listener) => watchCounts(checked.value, out, listener);
    const filter = shownFilterText(request.query.get('filter'));
    return {
      stream: (out, tools) => openStream(out, tools, { identity, filter, wantsReasons: true, failed: 'error' }, begin),
    };
  },
};
