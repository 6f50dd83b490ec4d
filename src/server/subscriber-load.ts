/**
 * What waits for subscribers, sampled over all open connections (I5).
 */
export interface SubscriberLoad {
  /** Those that fell back from live to the log and are not live again. */
  readonly lagging: number;
  readonly bufferedBytesSum: number;
  readonly bufferedBytesMax: number;
}

/** What one subscriber's connection says of itself. */
export interface SubscriberState {
  readonly isLagging: boolean;
  /** As it was sent, in JSON; null before it came, and for one that is too long to be kept for people. */
  readonly filter: string | null;
  readonly bufferedBytes: number;
  /** As of its feed; null before that. */
  readonly position: number | null;
}

export const noLoad: SubscriberLoad = { lagging: 0, bufferedBytesSum: 0, bufferedBytesMax: 0 };

const filterCharactersMax = 500;

/** What is kept of a filter to be shown. `messageBytes`: of all in which it was sent. */
export function shownFilter(filter: unknown, messageBytes: number): string | null {
  if (filter === undefined || messageBytes > 2 * filterCharactersMax) return null;
  return shownFilterText(JSON.stringify(filter));
}

/** The same of a filter that is JSON text already. */
export function shownFilterText(text: string | null): string | null {
  return text === null || text.length > filterCharactersMax ? null : text;
}

/** `connections` may hold others than subscribers, whose state is null. */
export function subscriberLoad(
  connections: Iterable<{ readonly subscriberState: Pick<SubscriberState, 'isLagging' | 'bufferedBytes'> | null }>,
): SubscriberLoad {
  let lagging = 0;
  let bufferedBytesSum = 0;
  let bufferedBytesMax = 0;
  for (const { subscriberState: state } of connections) {
    if (state === null) continue;
    if (state.isLagging) lagging += 1;
    bufferedBytesSum += state.bufferedBytes;
    bufferedBytesMax = Math.max(bufferedBytesMax, state.bufferedBytes);
  }
  return { lagging, bufferedBytesSum, bufferedBytesMax };
}
