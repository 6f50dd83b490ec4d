/**
 * POST events/filter: the first page of the events that fit a filter, and how many there are.
 */
import { filterEvents } from '../../description/operations/page-events.ts';
import { validatePageBody } from '../../query/validate-body.ts';
import { invalidRequest } from '../http-answer.ts';
import { readJsonBody } from '../json-body.ts';
import { pageAnswer } from '../page-answer.ts';
import { filterBytesMax } from '../parts.ts';
import type { Route } from '../route.ts';

export const filterEventsRoute: Route = {
  method: 'POST',
  path: '/events/filter',
  links: true,
  needs: 'read',
  asks: true,
  operation: filterEvents,
  bodyBytesMax: filterBytesMax,
  answer: async (request, { queries, now }) => {
    const body = readJsonBody(request);
    if (!body.ok) return body.answer;
    const checked = validatePageBody(body.value, now());
    if (!checked.ok) return invalidRequest(checked.issues, await body.quote());
    return pageAnswer(
      await queries.readFirstPage(checked.value, request.identity, request.signal(), request.holds),
      request.publicUrl,
    );
  },
};
