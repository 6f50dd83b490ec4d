/**
 * POST events/export: all events that fit a filter, a line each, oldest first; an extension. The token in the head and
 * the last line that came are where a new request goes on.
 */
import { exportEvents } from '../../description/operations/export-events.ts';
import { validateExportBody } from '../../query/validate-body.ts';
import { invalidRequest } from '../http-answer.ts';
import { readJsonBody } from '../json-body.ts';
import { filterBytesMax } from '../parts.ts';
import type { Route } from '../route.ts';

export const exportEventsRoute: Route = {
  method: 'POST',
  path: '/events/export',
  needs: 'read',
  asks: true,
  operation: exportEvents,
  bodyBytesMax: filterBytesMax,
  answer: async (request, { queries, now }) => {
    const body = readJsonBody(request);
    if (!body.ok) return body.answer;
    const checked = validateExportBody(body.value, now());
    if (!checked.ok) return invalidRequest(checked.issues, await body.quote());
    const { token, lines } = await queries.exportEvents(checked.value, request.identity, request.signal());
    const headers = {
      'content-type': 'application/x-ndjson',
      'sluice-export-token': token,
      // Else a page of another origin cannot read it.
      'access-control-expose-headers': 'sluice-export-token',
      // A proxy that gathers the answer would fill its disk, and hold nobody back.
      'x-accel-buffering': 'no',
    };
    return { pour: lines, headers };
  },
};
