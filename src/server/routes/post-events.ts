/**
 * POST events: a batch is taken whole or not at all, and 204 waits until all it relies on is durable (I1).
 */
import { isUtf8 } from 'node:buffer';
import type { Allowance } from '../../access/allowance.ts';
import { Failure } from '../../base/errors.ts';
import { sendEvents } from '../../description/operations/send-events.ts';
import type { Admit } from '../../ingest/intake.ts';
import type { ServerCounters } from '../counters.ts';
import { invalidRequest, noContent, undecodableBody } from '../http-answer.ts';
import type { Route } from '../route.ts';

/** Such a body takes a few milliseconds to judge, whatever it says. */
const atOnceBytesMax = 128 * 1024;

const forwardedBack = new Failure(
  'forwardedBack',
  'This is a Sluice, and no Prefect server: SLUICE_PREFECT_URL of who sent this must name the Prefect server itself.',
);

export const postEventsRoute: Route = {
  method: 'POST',
  path: '/events',
  needs: 'write',
  operation: sendEvents,
  answer: async ({ body, isJson, identity, origin }, { intake, allowances, counters, options }) => {
    if (origin === 'sluice') throw forwardedBack;
    if (isJson && !isUtf8(body)) return undecodableBody;
    const isLarge = body.length > atOnceBytesMax;
    const allowance = allowances.of(identity);
    const admit = allowance === null ? null : admitOf(allowance, body.length, counters);
    const isFromPrefect = origin === 'prefect' && (options.prefectUrl ?? null) !== null;
    const outcome = isLarge
      ? await intake.acceptInSlices(body, isJson, admit, identity.label, isFromPrefect)
      : intake.acceptBatch(body, isJson, admit, identity.label, isFromPrefect);
    if (!outcome.ok) allowance?.tookBytes(body.length);
    if (!outcome.ok) return invalidRequest(outcome.issues, outcome.requestBodyJson);
    await outcome.durable;
    return noContent;
  },
};

function admitOf(allowance: Allowance, bytes: number, counters: Pick<ServerCounters, 'limited'>): Admit {
  return (events) => {
    const refusal = allowance.takeBatch(events, bytes);
    if (refusal !== null) counters.limited += 1;
    return refusal;
  };
}
