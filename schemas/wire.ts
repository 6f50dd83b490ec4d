/**
 * The wire: every message of both WebSockets and of the event stream, as docs/PROTOCOL.md has them, and the text of
 * each. Server, tests and benchmarks share this file. It imports nothing that a browser lacks.
 */
import type { CountsFrame, CountsMessage } from './count-frames.ts';
import type { EventBody, Labels } from './event.ts';
import type { SentFilter } from './filter.ts';

/** The first message of a client, on both sockets. */
export interface AuthMessage {
  readonly type: 'auth';
  readonly token: string | null;
  /** A producer wants to be told of its bad messages instead of being closed. */
  readonly rejects?: boolean;
  /** Wants the answer with `acks`, an `error` frame before a close, and on `/in` an `ack` for each group. */
  readonly acks?: boolean;
}

/** The answer to it. What is optional comes only to those who asked for acks. */
export interface AuthSuccessFrame {
  readonly type: 'auth_success';
  readonly acks?: true;
  /** How often the server looks whether a heartbeat is due: silence lasts at most twice as long. */
  readonly heartbeat_ms?: number;
}

/** Every later message on `/in`: one event. What is left out is made by the server. */
export interface SentEvent {
  /** ISO 8601; without a zone it is UTC. */
  readonly occurred: string;
  readonly event: string;
  readonly resource: Labels;
  readonly related?: readonly Labels[];
  readonly payload?: Readonly<Record<string, unknown>>;
  /** A UUID. */
  readonly id?: string;
  readonly follows?: string | null;
}

/** On `/in`, to a producer that asked for it: one of its messages was not taken. */
export interface RejectFrame {
  readonly type: 'reject';
  /** Which one: the first message after the auth message is 1. */
  readonly message: number;
  /**
   * A failure's name (the table in docs/PROTOCOL.md), or `skipped`: too large, or refused before with the same bytes.
   */
  readonly failure: string;
  readonly reason: string;
}

/** On `/in`, to a producer that asked for it: all of its messages up to this one are durable, but for the rejected. */
export interface AckFrame {
  readonly type: 'ack';
  /** The first message after the auth message is 1. */
  readonly message: number;
}

/** To who asked for acks or positions, before the server closes the connection. */
export interface ErrorFrame {
  readonly type: 'error';
  /** A failure's name (the table in docs/PROTOCOL.md). */
  readonly failure: string;
  /** The whole sentence. The close frame may have room for its beginning only. */
  readonly reason: string;
  /** Absent where trying again does not help. */
  readonly retry_after_ms?: number;
}

/** The second message of a subscriber, on `/out`; all later ones are ignored. */
export interface FilterMessage {
  readonly type: 'filter';
  /** As a query has it. */
  readonly filter: SentFilter;
  /** True where it is left out: history comes first. */
  readonly backfill?: boolean;
  /** Wants a position beside each event, and control frames. */
  readonly positions?: boolean;
  /** With positions: wants to hear from the server when there is no event for it. */
  readonly heartbeats?: boolean;
  /** Wants what comes behind this position; implies `positions`. */
  readonly resume?: ResumePoint;
}

/** The newest token and the newest position that a subscriber was given. */
export interface ResumePoint {
  readonly token: string;
  readonly position: WirePosition;
}

/** A seq once it is past history; `<occurred>/<id>` within history, `start` before it. */
export type WirePosition = number | string;

export interface EventFrame {
  readonly type: 'event';
  readonly event: AnsweredEvent;
  /** Only to a subscriber that wants positions. */
  readonly position?: WirePosition;
}

/** An event as every answer has it. */
export interface AnsweredEvent extends EventBody {
  /** UTC, as `occurred`. */
  readonly received: string;
}

/**
 * To a subscriber that wants positions, before anything that follows from it: names the feed that positions belong to.
 */
export interface TokenFrame {
  readonly type: 'token';
  /** To be sent back, as it is, with the last position. */
  readonly token: string;
  readonly epoch: string;
  /** What is older comes from history, in the order of `occurred`. */
  readonly checkpoint: number;
  /** Where the feed begins. */
  readonly position: WirePosition;
  /** Nothing that occurred before is in the feed. The server may look back less far than the filter does. */
  readonly since: string;
}

/** To a subscriber that wants positions: from here on it is live. */
export interface CaughtUpFrame {
  readonly type: 'caught_up';
  readonly position: number;
}

/** To a subscriber that asked for heartbeats: nothing else came for a while, and all is well. */
export interface HeartbeatFrame {
  readonly type: 'heartbeat';
  /** All up to here was given or does not fit; absent within history. */
  readonly position?: number;
}

/** To a subscriber that wants positions: what follows may not be all that came after its position. */
export interface GapFrame {
  readonly type: 'gap';
  /** Another epoch; a position that was never given; a position whose next events have expired. */
  readonly reason: 'epoch' | 'head' | 'retention';
  /** That of what follows. */
  readonly epoch: string;
  /** From this seq on nothing is missing, up to the head. */
  readonly oldest: number;
  readonly head: number;
}

/** To a subscriber that wants positions, before the server closes the connection to stop: when to come back. */
export interface RetryFrame {
  readonly type: 'retry';
  readonly after_ms: number;
}

/** What a client sends on `/in` and on `/out`. */
export type InMessage = AuthMessage | SentEvent;
export type OutMessage = AuthMessage | FilterMessage | CountsMessage;

/** What the server sends on `/in` and on `/out`. */
export type InFrame = AuthSuccessFrame | RejectFrame | AckFrame | ErrorFrame;
export type ControlFrame = TokenFrame | CaughtUpFrame | HeartbeatFrame | GapFrame | RetryFrame | ErrorFrame;
export type OutFrame = AuthSuccessFrame | EventFrame | ControlFrame | CountsFrame;

/** A message whose sender is not trusted: it may have each field, with any value. */
export type Unchecked<Message> = { readonly [Field in keyof Message]?: unknown };

export const authSuccess = '{"type":"auth_success"}';

export function authMessage(token: string | null = null, rejects?: boolean, acks?: boolean): string {
  const message: AuthMessage = {
    type: 'auth',
    token,
    ...(rejects !== undefined && { rejects }),
    ...(acks !== undefined && { acks }),
  };
  return JSON.stringify(message);
}

/** To who asked for acks. */
export function authSuccessFrame(heartbeatMs: number): string {
  const frame: AuthSuccessFrame = { type: 'auth_success', acks: true, heartbeat_ms: heartbeatMs };
  return JSON.stringify(frame);
}

export function filterMessage(filter: SentFilter, more: Omit<FilterMessage, 'type' | 'filter'> = {}): string {
  const message: FilterMessage = { type: 'filter', filter, ...more };
  return JSON.stringify(message);
}

export function rejectFrame({ message, failure, reason }: Untyped<RejectFrame>): string {
  const frame: RejectFrame = { type: 'reject', message, failure, reason };
  return JSON.stringify(frame);
}

export function ackFrame(message: number): string {
  const frame: AckFrame = { type: 'ack', message };
  return JSON.stringify(frame);
}

export function errorFrame({ failure, reason, retry_after_ms }: Untyped<ErrorFrame>): string {
  const frame: ErrorFrame = {
    type: 'error',
    failure,
    reason,
    ...(retry_after_ms !== undefined && { retry_after_ms }),
  };
  return JSON.stringify(frame);
}

/** Around an event's own text, which is never made twice. A position stands between text and tail. */
export const eventFrameHead: `{"type":"${EventFrame['type']}","event":` = '{"type":"event","event":';
export const eventFrameTail = '}';

export function tokenFrame({ token, epoch, checkpoint, position, since }: Untyped<TokenFrame>): string {
  const frame: TokenFrame = { type: 'token', token, epoch, checkpoint, position, since };
  return JSON.stringify(frame);
}

export function caughtUpFrame(position: number): string {
  const frame: CaughtUpFrame = { type: 'caught_up', position };
  return JSON.stringify(frame);
}

/** Without a position within history. */
export function heartbeatFrame(position: number | null): string {
  const frame: HeartbeatFrame = { type: 'heartbeat', ...(position !== null && { position }) };
  return JSON.stringify(frame);
}

export function gapFrame({ reason, epoch, oldest, head }: Untyped<GapFrame>): string {
  const frame: GapFrame = { type: 'gap', reason, epoch, oldest, head };
  return JSON.stringify(frame);
}

export function retryFrame(afterMs: number): string {
  const frame: RetryFrame = { type: 'retry', after_ms: afterMs };
  return JSON.stringify(frame);
}

/** A frame of a server that is trusted to speak this protocol. */
export function parseFrame<Frame extends InFrame | OutFrame>(text: string): Frame {
  return JSON.parse(text) as Frame; // the caller names what this server sends
}

/** One message of an event stream: the frames of `/out` as Server-Sent Events. */
export interface StreamMessage {
  /** Without a name it is an event, and its data is the event's own text. */
  readonly event?: 'token' | 'caught_up' | 'gap' | 'counts' | 'error' | 'close';
  readonly id?: string;
  /** When a browser is to come back, in milliseconds. Within `close` only. */
  readonly retry?: number;
  /** JSON in one line. */
  readonly data: string;
}

/** The data of `close`. */
export interface StreamClose {
  readonly code: number;
  readonly reason: string;
  /** As in an ErrorFrame; only for a stream with `positions=true` in its URL. */
  readonly failure?: string;
  readonly retry_after_ms?: number;
}

/** A line that says nothing: it shows that the server is there. */
export const streamHeartbeat = ':\n\n';

export function streamMessage({ event, id, retry, data }: StreamMessage): string {
  const name = event === undefined ? '' : `event: ${event}\n`;
  const place = id === undefined ? '' : `id: ${id}\n`;
  const wait = retry === undefined ? '' : `retry: ${retry}\n`;
  return `${name}${place}${wait}data: ${data}\n\n`;
}

/** Between position and token. */
const idSeparator = '@';

/** All that a browser keeps for its next request. */
export function streamId(position: WirePosition, token: string): string {
  return `${position}${idSeparator}${token}`;
}

/** The parts of a stream's id, the position as text; null for any other text. */
export function parseStreamId(id: string): ResumePoint | null {
  const cut = id.indexOf(idSeparator);
  return cut < 0 ? null : { position: id.slice(0, cut), token: id.slice(cut + 1) };
}

type Untyped<Frame> = Omit<Frame, 'type'>;
