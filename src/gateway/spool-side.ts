/**
 * The spool of a gateway, put together with the intake before it (I1): what is there is promised by a pong, and goes
 * from there into the shared log.
 */
import type { Observable } from 'rxjs';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import type { Redactor } from '../event-text/redactor.ts';
import { IdWindow } from '../ids/id-window.ts';
import { createIntake } from '../ingest/accept.ts';
import type { Intake } from '../ingest/intake.ts';
import type { GateParts } from '../ingest/intake-gate.ts';
import { LiveBus } from '../ingest/live-bus.ts';
import { ParkedEvents } from '../ingest/parked-events.ts';
import type { Journal } from '../journal/journal.ts';
import { gatewayIntake } from './gateway-intake.ts';
import { Positions } from './positions.ts';
import { SettledAnswers } from './settled-answers.ts';

export interface SpoolSideParts {
  readonly spool: Journal;
  /** The newest seq that was applied. */
  readonly applied: () => number;
  /** Ids that all gateways have brought in. */
  readonly others: Pick<IdWindow, 'seqOf' | 'tagOf' | 'hasTags'>;
  readonly gate: GateParts['gate'];
  readonly redactor: Redactor | null;
  readonly counters: Counters;
  readonly log: Log;
}

export interface SpoolSide {
  readonly intake: Intake;
  readonly parked: ParkedEvents;
  /** The spool has grown by what may be sent. */
  readonly grown$: Observable<unknown>;
  /** See CarrierParts. */
  settled(upTo: number, letGo: number): void;
  /** Lets go what ClickHouse has: all that was settled when the log was no further than this seq. */
  trim(checkpoint: number): void;
  close(): void;
}

/** Of the newest tickets: a repeat of them takes no room. What is older is judged by the replica's window. */
const idsMax = 100_000;
const answers = { waitMs: 5_000, waitingMax: 20_000 };

export function openSpoolSide({ spool, applied, others, gate, redactor, counters, log }: SpoolSideParts): SpoolSide {
  const elapsedMs = (): number => performance.now();
  // Nothing is parked here: what only ClickHouse can tell is asked when it is about to be sent.
  const parked = new ParkedEvents({ eventsMax: 1, bytesMax: 1 });
  const settledAnswers = new SettledAnswers({ ...answers, settled: spool.oldest - 1 }, elapsedMs);
  const places = new Positions();
  const live = new LiveBus(spool.head);
  const intake = createIntake({
    ...{ journal: spool, others },
    window: new IdWindow({
      idsMax,
      checkpoint: () => Number.POSITIVE_INFINITY,
      forgotten: { forget: () => undefined, mayHold: () => false },
    }),
    parked,
    live,
    audience: { isThere: () => false, readBack: () => expectNobody() },
    ...{ gate, redactor, counters, log, elapsedMs },
    now: Date.now,
  });
  return {
    intake: gatewayIntake(intake, spool, settledAnswers),
    parked,
    grown$: live.batches$,
    settled(upTo, letGo) {
      places.note(letGo, applied());
      settledAnswers.settle(upTo);
    },
    trim(checkpoint) {
      const upTo = places.upTo(checkpoint);
      if (upTo === null || upTo <= spool.checkpoint) return;
      spool.advanceCheckpoint(upTo);
      spool.trimLater();
    },
    close: () => settledAnswers.close(),
  };
}

function expectNobody(): never {
  throw new Error('nobody listens to a spool');
}
