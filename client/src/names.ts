/** The names that the package gives on every platform: its two entries differ in their sockets and their store. */
export type { Count } from '../../schemas/count.ts';
export type { AnsweredEvent, SentEvent } from '../../schemas/wire.ts';
export { type CheckpointStore, memoryStore } from './checkpoint-store.ts';
export type { CountBy, CountOptions } from './count.ts';
export { type Checkpoint, GapError, type GapReason, RejectedError, SluiceError } from './errors.ts';
export type { EventFilter } from './event-filter.ts';
export type { EventExport, ExportOptions, ExportPlace } from './export.ts';
export type { CaughtUpMessage, EventMessage, GapMessage, Message } from './message.ts';
export type { Observed, Observer } from './observe.ts';
export type { ConnectOptions, RetryOptions, Token } from './options.ts';
export type { NewEvent, Publisher, PublisherOptions, PublisherStatus } from './publisher.ts';
export type { Query, QueryOptions, QueryPage } from './query.ts';
export type { Sluice } from './sluice.ts';
export type { SubscribeOptions, Subscription, SubscriptionStatus } from './subscription.ts';
export type { LiveCount, WatchCountOptions } from './watch-count.ts';
export { where } from './where.ts';
