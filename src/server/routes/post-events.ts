/**
 * POST events: a batch is taken whole or not at all, and 204 waits until all it relies on is durable (I1).
 */
import { isUtf8 } from 'node:buffer';
import { invalidRequest, noContent, undecodableBody } from '../http-answer.ts';
import type { Route } from '../route.ts';

export const postEventsRoute: Route = {
  method: 'POST',
  answer: async ({ body, isJson }, { intake }) => {
    if (isJson && !isUtf8(body)) return undecodableBody;
    const outcome = intake.acceptBatch(body, isJson);
    if (!outcome.ok) return invalidRequest(outcome.issues, outcome.requestBodyJson);
    await outcome.durable;
    return noContent;
  },
};
