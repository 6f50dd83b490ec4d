/**
 * Intake of a gateway: what it takes goes into the spool, and a message is kept once it is there. A body is answered
 * only when the shared log has its events and they are applied here.
 */
import type { BatchOutcome, Intake } from '../ingest/intake.ts';
import type { SettledAnswers } from './settled-answers.ts';

/** `intake` takes into a spool, whose newest ticket `appended` gives. */
export function gatewayIntake(
  intake: Intake,
  spool: { readonly appended: number },
  answers: Pick<SettledAnswers, 'wait'>,
): Intake {
  const confirmed = (outcome: BatchOutcome): BatchOutcome => {
    if (!outcome.ok) return outcome;
    // Also a repeat relies on what is no newer than that.
    const ticket = spool.appended;
    return { ok: true, durable: outcome.durable.then(() => answers.wait(ticket)) };
  };
  return {
    acceptBatch: (...sent) => confirmed(intake.acceptBatch(...sent)),
    acceptInSlices: async (...sent) => confirmed(await intake.acceptInSlices(...sent)),
    acceptMessage: (...sent) => intake.acceptMessage(...sent),
    get overflow() {
      return intake.overflow;
    },
    lost$: intake.lost$,
    ensureDurable: (ticket, parked) => intake.ensureDurable(ticket, parked),
    whenDurable: (ticket, parked) => intake.whenDurable(ticket, parked),
    unpark: intake.unpark,
    settled: () => intake.settled(),
  };
}
