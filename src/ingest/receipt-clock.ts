/**
 * The time of receipt: never earlier than the one before, while the clock steps back by less than a minute
 * (docs/design.md, "Time").
 */

import type { Log } from '../base/log.ts';
import type { ReceiptTexts } from '../event-log/row-source.ts';
import { formatTimeForClickHouse, timeOfDate } from '../filter/time.ts';
import { wholeSeconds } from '../filter/whole-seconds.ts';

export interface Receipt extends ReceiptTexts {
  /** Whole seconds since 1970. */
  readonly seconds: number;
}

const stepBackMsMax = 60_000;

/** `now`: wall clock, in ms. */
export function createReceiptClock(now: () => number, log: Log): () => Receipt {
  let lastMs = Number.NEGATIVE_INFINITY;
  let receipt: Receipt = { received: '', column: '', seconds: 0 };

  return () => {
    const nowMs = now();
    const backMs = lastMs - nowMs;
    if (backMs >= 0 && backMs < stepBackMsMax) return receipt;
    if (backMs >= stepBackMsMax) log.warn({ backMs }, 'The clock was set back; times of receipt follow it');
    lastMs = nowMs;
    const received = timeOfDate(new Date(nowMs));
    receipt = { received, column: formatTimeForClickHouse(received), seconds: wholeSeconds(received) };
    return receipt;
  };
}
