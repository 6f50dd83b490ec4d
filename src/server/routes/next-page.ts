/**
 * GET events/filter/next: the page that a token of the page before asks for.
 */
import { nextPage } from '../../description/operations/page-events.ts';
import { validatePageToken } from '../../query/validate-body.ts';
import { invalidRequest } from '../http-answer.ts';
import { pageAnswer } from '../page-answer.ts';
import type { Route } from '../route.ts';

export const nextPageRoute: Route = {
  method: 'GET',
  path: '/events/filter/next',
  links: true,
  needs: 'read',
  asks: true,
  operation: nextPage,
  answer: async (request, { queries }) => {
    const checked = validatePageToken(request.query.getAll('page-token'));
    if (!checked.ok) return invalidRequest(checked.issues, 'null');
    return pageAnswer(
      await queries.readNextPage(checked.value, request.identity, request.signal(), request.holds),
      request.publicUrl,
    );
  },
};
