/**
 * POST events/count-by/{countable}: how many events there are, by time, name, resource or label.
 */
import { countEvents } from '../../description/operations/count-events.ts';
import { validateCount } from '../../query/validate-body.ts';
import { invalidRequest, json } from '../http-answer.ts';
import { readJsonBody } from '../json-body.ts';
import { listAnswer } from '../list-answer.ts';
import { filterBytesMax } from '../parts.ts';
import type { Route } from '../route.ts';

export const countEventsRoute: Route = {
  method: 'POST',
  path: '/events/count-by/:countable',
  needs: 'read',
  asks: true,
  operation: countEvents,
  bodyBytesMax: filterBytesMax,
  answer: async (request, parts) => {
    const body = readJsonBody(request);
    if (!body.ok) return body.answer;
    const now = parts.now();
    const asked = { countable: request.parameter, limits: request.query.getAll('limit') };
    const checked = validateCount(asked, body.value, now);
    if (!checked.ok) return invalidRequest(checked.issues, await body.quote());
    const outcome = parts.queries.countEvents({ ...checked.value, now }, request.identity, request.signal());
    if (!outcome.ok) return json(422, JSON.stringify({ detail: outcome.tooManyBuckets }));
    return listAnswer(outcome.counts);
  },
};
