/**
 * POST events: a batch is taken whole or not at all, and 204 waits until all it relies on is durable (I1).
 */

import { isUtf8 } from 'node:buffer';
import { sendEvents } from '../../description/operations/send-events.ts';
import { invalidRequest, noContent, undecodableBody } from '../http-answer.ts';
import type { Route } from '../route.ts';

/** Such a body takes a few milliseconds to judge, whatever it says. */
const atOnceBytesMax = 128 * 1024;

export const postEventsRoute: Route = {
  method: 'POST',
  path: '/events',
  needs: 'write',
  operation: sendEvents,
  answer: async ({ body, isJson }, { intake }) => {
    if (isJson && !isUtf8(body)) return undecodableBody;
    const isLarge = body.length > atOnceBytesMax;
    const outcome = isLarge ? await intake.acceptInSlices(body, isJson) : intake.acceptBatch(body, isJson);
    if (!outcome.ok) return invalidRequest(outcome.issues, outcome.requestBodyJson);
    await outcome.durable;
    return noContent;
  },
};
