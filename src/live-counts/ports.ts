/**
 * What the edge asks of live counts.
 */
import type { LiveCountRequest } from '../../schemas/count.ts';
import type { ReadScope } from '../../schemas/read-scope.ts';
import type { Feed, FeedListener, SubscriberSocket } from '../feed/ports.ts';

export interface WatchRequest {
  readonly question: LiveCountRequest;
  readonly scope: ReadScope;
  /** Frames of a WebSocket, or messages of an event stream. */
  readonly form: 'socket' | 'stream';
}

export type CountsSocket = Pick<SubscriberSocket, 'send' | 'bufferedBytes'>;

/**
 * The feed's listener hears of a failure later. Throws Failure `badFilter` for a window of too many buckets,
 * `tooManyCounts`, `tooManyFilterBytes`.
 */
export type WatchCounts = (request: WatchRequest, socket: CountsSocket, listener: FeedListener) => Feed;
