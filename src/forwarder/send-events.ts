/**
 * Sends events to Prefect in their order. A batch that is refused for its content is halved, down to the guilty event,
 * which is counted, logged and left out.
 */
import type { StepFailure } from '../../actors/forwarder.ts';
import { firstLineOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Pace } from './pace.ts';
import type { PassingEvent } from './passing-events.ts';
import type { PrefectApi } from './prefect-api.ts';

/** Prefect takes some milliseconds for each event, and answers nobody else meanwhile. */
export const batchEventsMax = 100;

/** What a step of the forwarder fails with. */
export class ForwardFailure extends Error implements StepFailure {
  override readonly name = 'ForwardFailure';
  readonly isInDoubt: boolean;

  constructor(reason: string, isInDoubt: boolean) {
    super(reason);
    this.isInDoubt = isInDoubt;
  }
}

/** Whether this process may send: always, where no other one forwards too. */
export interface SendPermit {
  /** To be called before something is sent. Rejects where another one may have begun to send. */
  refresh(): Promise<void>;
  /** To be asked at the last moment. */
  readonly isGood: boolean;
}

export const standingPermit: SendPermit = { refresh: async () => undefined, isGood: true };

export interface ForwardParts {
  readonly permit: SendPermit;
  readonly api: PrefectApi;
  readonly pace: Pace;
  readonly counters: { sent: number; refused: number };
  readonly log: Log;
}

/**
 * Resolves when Prefect has said yes or no to each, to one of those that it took, or null. Rejects with a
 * ForwardFailure; if that is not in doubt, none was taken.
 */
export async function sendEvents(
  parts: ForwardParts,
  events: readonly PassingEvent[],
  signal: AbortSignal,
): Promise<PassingEvent | null> {
  const { api, permit, pace, counters, log } = parts;
  let taken: PassingEvent | null = null;
  const rest = [events];
  for (let batch = rest.pop(); batch !== undefined; batch = rest.pop()) {
    await pace.wait(signal);
    if (signal.aborted) throw new ForwardFailure('Sluice is stopping', taken !== null);
    await permit.refresh().catch((error: unknown) => {
      throw new ForwardFailure(firstLineOf(error), taken !== null);
    });
    const answer = await api.post(
      batch.map(({ text }) => text),
      () => permit.isGood,
    );
    switch (answer.kind) {
      case 'taken':
        taken = batch.at(-1) ?? taken;
        counters.sent += batch.length;
        pace.took(batch.length, batch.length >= batchEventsMax);
        break;
      case 'refused':
        pace.took(1, true);
        if (batch.length > 1) {
          const half = Math.ceil(batch.length / 2);
          rest.push(batch.slice(half), batch.slice(0, half));
          break;
        }
        counters.refused += 1;
        log.warn({ id: batch[0]?.id, reason: answer.reason }, 'Prefect refuses an event; it is not forwarded');
        break;
      case 'untaken':
        throw new ForwardFailure(answer.reason, taken !== null);
      case 'unclear':
        throw new ForwardFailure(answer.reason, true);
      default:
        answer satisfies never;
    }
  }
  return taken;
}
