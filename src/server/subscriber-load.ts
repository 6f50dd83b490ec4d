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
  readonly bufferedBytes: number;
}

export const noLoad: SubscriberLoad = { lagging: 0, bufferedBytesSum: 0, bufferedBytesMax: 0 };

/** `connections` may hold others than subscribers, whose state is null. */
export function subscriberLoad(
  connections: Iterable<{ readonly subscriberState: SubscriberState | null }>,
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
