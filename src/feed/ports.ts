/**
 * What a feed needs from the edge, and what it offers: the only words that the server and the feed share.
 */
import type { Filter } from '../../schemas/filter.ts';
import type { ReadScope } from '../../schemas/read-scope.ts';
import type { ResumePoint } from '../../schemas/wire.ts';
import type { Failure } from '../base/errors.ts';
import type { Form } from './frames.ts';

/** One subscriber's way out. Topic members get published frames; all others are written one by one. */
export interface SubscriberSocket {
  /**
   * Queues one text frame; bytes are UTF-8, and copied. Never drops: the bound is kept by asking `bufferedBytes` first.
   */
  send(frame: string | Uint8Array): void;
  /** Runs several sends as one write. */
  cork(write: () => void): void;
  /** Bytes that wait for a subscriber that reads slowly. */
  bufferedBytes(): number;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
}

/** Told at most a few times in a connection's life: the actor's events. */
export interface FeedListener {
  /** At the mark: from now on live. */
  caughtUp(): void;
  /** Left the topic and reads the log again from its position. */
  lagging(): void;
  /** The feed cannot go on; the connection is to be closed with the failure's code. */
  failed(failure: Failure): void;
}

export interface FeedRequest {
  readonly filter: Filter;
  readonly scope: ReadScope;
  /** False starts at the mark, without history. */
  readonly backfill: boolean;
  /** What its frames look like; all but `plain` can be resumed. */
  readonly form: Form;
  /** What an earlier feed of the same filter gave out last. */
  readonly resume: ResumePoint | null;
}

export interface Feed {
  /**
   * All up to this seq was handed to the socket, or is not for it. Null where that is not known: before the first, and
   * in history, which has an order of its own.
   */
  readonly position: number | null;
  /** The socket has room again. */
  drained(): void;
  /** Says that it lives, and where it stands, to a subscriber that got nothing for a while. */
  heartbeat(): void;
  /** The connection is gone: leaves the topic, ends queries. Idempotent. */
  stop(): void;
}

/** Throws Failure `forbidden` or `badFilter` for a resume that is not one of ours. */
export type OpenFeed = (request: FeedRequest, socket: SubscriberSocket, listener: FeedListener) => Feed;

/** Publishes one text frame to all members of a topic; bytes are UTF-8, and copied. */
export type Publish = (topic: string, frame: string | Uint8Array) => void;
