/**
 * Waits until a replica that does not begin with the shared log knows the ids of all events before it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { firstLineOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Store } from '../clickhouse/store.ts';
import { fillWindow } from './fill-window.ts';
import { idsMs, type ReplicaSide } from './replica-side.ts';
import type { DeadIds } from './shared-dead-letter.ts';

export interface IdsOfReplicaParts {
  readonly side: Pick<ReplicaSide, 'ids' | 'replica'>;
  /** Of the epoch. */
  readonly firstSeq: number;
  readonly store: Store;
  readonly dead: DeadIds;
  readonly idsMax: number;
  readonly signal: AbortSignal;
  /** Why it is not done yet; null when it is. */
  readonly says: (sentence: string | null) => void;
  readonly log: Log;
}

const againMs = 2_000;

/** Never rejects; resolves with some missing only where the signal has aborted. */
export async function whenIdsFilled(parts: IdsOfReplicaParts): Promise<void> {
  const { side, says, signal, log } = parts;
  for (let upTo = side.ids.missingUpTo; upTo !== null && !signal.aborted; upTo = side.ids.missingUpTo) {
    says(`This gateway begins behind seq ${upTo}: it waits for ClickHouse to say which ids there were before.`);
    try {
      await fill(parts, upTo);
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error, upTo }, 'the ids before the replica could not be read yet');
      says(`This gateway cannot begin behind seq ${upTo} yet: ${firstLineOf(error)}`);
      await wait(againMs, undefined, { signal }).catch(() => undefined);
    }
  }
  says(null);
}

async function fill(
  { side, firstSeq, store, dead, idsMax, signal, log }: IdsOfReplicaParts,
  upTo: number,
): Promise<void> {
  await store.whenReady(signal);
  const { window, forgotten } = await fillWindow({ store, dead, firstSeq, upTo, idsMax, idsMs, signal });
  side.ids.fill(window, forgotten, upTo);
  side.replica.reopenWindow();
  log.info({ upTo, ids: window.size }, 'the ids before the replica were read from ClickHouse');
}
