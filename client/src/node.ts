/** The client in Node: what the package gives there. */
import { WebSocket } from 'ws';
import type { ConnectOptions } from './options.ts';
import { Sluice } from './sluice.ts';
import type { SocketClass } from './socket-port.ts';

/** Without compression, which costs more than it saves; a frame holds at most one event. */
class SluiceSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols, { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024, skipUTF8Validation: true });
  }
}

/** Throws TypeError for an address that is none; opens nothing yet. */
export function connect(options: ConnectOptions): Sluice {
  return new Sluice(options, SluiceSocket as unknown as SocketClass); // `ws` has all that is asked of it
}

export type { Count } from '../../schemas/count.ts';
export type { AnsweredEvent, SentEvent } from '../../schemas/wire.ts';
export { type CheckpointStore, memoryStore } from './checkpoint-store.ts';
export type { CountBy, CountOptions } from './count.ts';
export { type Checkpoint, GapError, type GapReason, RejectedError, SluiceError } from './errors.ts';
export type { EventFilter } from './event-filter.ts';
export type { EventExport, ExportOptions, ExportPlace } from './export.ts';
export { fileStore } from './file-store.ts';
export type { CaughtUpMessage, EventMessage, GapMessage, Message } from './message.ts';
export type { Observed, Observer } from './observe.ts';
export type { ConnectOptions, RetryOptions, Token } from './options.ts';
export type { NewEvent, Publisher, PublisherOptions, PublisherStatus } from './publisher.ts';
export type { Query, QueryOptions, QueryPage } from './query.ts';
export type { Sluice } from './sluice.ts';
export type { SubscribeOptions, Subscription, SubscriptionStatus } from './subscription.ts';
export { where } from './where.ts';
