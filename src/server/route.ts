/**
 * What a route is: a method, a path, and a request turned into an answer, or a WebSocket into a connection. Each stands
 * in a file of its own in routes/ and as one entry in route-table.ts.
 */
import type { Identity, Right } from '../access/identity.ts';
import type { Channel } from '../description/channel.ts';
import type { Operation } from '../description/operation.ts';
import type { Connection, ConnectionTools } from './connection.ts';
import type { EventStream } from './event-stream.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { OpenConnections } from './open-connections.ts';
import type { ServerParts } from './parts.ts';
import type { Socket } from './socket.ts';
import type { Sweep } from './sweep.ts';

export interface RouteRequest {
  /** Empty for GET. */
  readonly body: Buffer;
  /** False where the content type makes the body count as one string. */
  readonly isJson: boolean;
  readonly query: URLSearchParams;
  /** What links begin with, without a slash at its end; empty for a route that does not say that it links. */
  readonly publicUrl: string;
  /** The variable part of the path, decoded; empty for a fixed one. */
  readonly parameter: string;
  /** Empty if it was not sent. */
  readonly lastEventId: string;
  /** What `Sluice-Origin` says; empty if it was not sent. */
  readonly origin: string;
  /** Who asks; `nobody` on open routes only. */
  readonly identity: Identity;
  /** All lasting connections of this server. */
  readonly open: Pick<OpenConnections, 'list' | 'find'>;
  readonly signal: () => AbortSignal;
  /** So many more bytes are held for the answer. Throws a Failure where there is no room for them. */
  readonly holds: (bytes: number) => void;
}

/** What lasting connections share. */
export interface StreamTools {
  readonly connection: ConnectionTools;
  readonly sweep: Sweep;
  readonly open: OpenConnections;
  readonly isStopping: () => boolean;
}

/** An answer that goes on. */
export interface StreamAnswer {
  /** May throw a Failure, which then is the answer. */
  readonly stream: (out: EventStream, tools: StreamTools) => void;
}

/** An answer whose body comes in parts, each asked for when the one before has been taken. */
export interface PouredAnswer {
  readonly pour: AsyncIterable<string | Uint8Array>;
  readonly headers: Readonly<Record<string, string>>;
}

export type RouteAnswer = HttpAnswer | StreamAnswer | PouredAnswer;

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As it is without `/api` in front. Its last part may be a parameter: `/events/count-by/:countable`. */
  readonly path: string;
  /** Answers without credentials too. */
  readonly isOpen?: true;
  /** Without it, any credential will do. */
  readonly needs?: Right;
  /** It is a question: of these a token may have a limit. */
  readonly asks?: true;
  /** What the description of the API says of it. */
  readonly operation: Operation;
  /** Its answers hold links: they are given `publicUrl`. Its path has no parameter. */
  readonly links?: true;
  /** Where a body may have less than the setting allows. */
  readonly bodyBytesMax?: number;
  /** May throw or reject with a Failure. */
  readonly answer: (request: RouteRequest, parts: ServerParts) => RouteAnswer | Promise<RouteAnswer>;
}

/** Makes the connection of a socket that was let in; without a subprotocol it is legacy. */
export type Connect = (socket: Socket, tools: ConnectionTools, isLegacy: boolean) => Connection;

export interface SocketRoute {
  readonly method: 'WS';
  /** As of a route, without a parameter. */
  readonly path: string;
  readonly needs: Right;
  /** What the description of the API says of it. */
  readonly channel: Channel;
  /** Where a message may have less than the setting allows. */
  readonly messageBytesMax?: number;
  readonly connect: Connect;
}
