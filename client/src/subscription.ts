/** What a subscription is asked for, and what it shows of itself. */
import type { CheckpointStore } from './checkpoint-store.ts';
import type { Checkpoint, SluiceError } from './errors.ts';
import type { EventFilter } from './event-filter.ts';
import type { Message } from './message.ts';

export interface SubscribeOptions {
  /** Default: all events. */
  readonly filter?: EventFilter | undefined;
  /**
   * Where to begin: `now`, a time, an ISO text, a duration ago (`45s 10m 12h 7d`), or a checkpoint. Default: the
   * store's checkpoint, else by `backfill`. Not together with `backfill`.
   */
  readonly from?: 'now' | Date | string | undefined;
  /** Without a checkpoint: history first. Default true. */
  readonly backfill?: boolean | undefined;
  /** Where acknowledged checkpoints are kept. Default: nowhere. */
  readonly store?: CheckpointStore | undefined;
  /** `auto`, the default: asking for the next message acknowledges the one before. */
  readonly ack?: 'auto' | 'manual' | undefined;
  /** `throw`, the default: a GapError, and the store stays as it was. */
  readonly onGap?: 'throw' | 'yield' | undefined;
  /** Characters of messages that may wait for their reader. Default 4 Mi. */
  readonly bufferCharactersMax?: number | undefined;
  /** Aborted, every wait rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onStatus?: ((status: SubscriptionStatus) => void) | undefined;
}

/** To be iterated once: it yields, throws or ends, and never goes silent. */
export interface Subscription extends AsyncIterable<Message> {
  readonly status: SubscriptionStatus;
}

export interface SubscriptionStatus {
  readonly phase: 'idle' | 'connecting' | 'catchingUp' | 'live' | 'waiting' | 'closed';
  /** `plain`: the server has no positions, so a break may lose or repeat events; each is told as a gap. */
  readonly promise: 'exact' | 'plain' | null;
  readonly transport: 'websocket' | 'stream' | null;
  /** While waiting: why, and until when, in milliseconds since 1970. */
  readonly error: SluiceError | null;
  readonly retryAt: number | null;
  /** The feed begins here, where the server looks back less far than was asked: canonical UTC. */
  readonly since: string | null;
  /** Behind the last message that was yielded. */
  readonly checkpoint: Checkpoint | null;
}
