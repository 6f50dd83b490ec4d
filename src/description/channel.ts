/**
 * What the description of the API says of one WebSocket. It stands beside the socket's entry, and the documents
 * (asyncapi.ts, page.ts) are made of it.
 */
import type { JsonSchema, Schema } from '../../schemas/json-schema.ts';
import type { FailureName } from '../base/errors.ts';

export interface Channel {
  readonly id: string;
  /** A few words. */
  readonly title: string;
  /** Markdown, as of an operation. */
  readonly about: string;
  /** What a client sends, by the names of the messages. */
  readonly sent: Readonly<Record<string, AnyMessage>>;
  /** What the server sends. */
  readonly answered: Readonly<Record<string, AnyMessage>>;
  /** What a socket may be refused or closed with, beside what every socket may (failures.ts). */
  readonly fails: readonly FailureName[];
}

export interface AnyMessage {
  readonly about: string;
  readonly schema: JsonSchema;
  readonly example: unknown;
}

export interface Message<Type> extends AnyMessage {
  readonly schema: Schema<Type>;
  readonly example: Type;
}

/** A message for each member of a union, by its `type`: one that is missing does not compile. */
export type MessagesOf<Union extends { readonly type: string }> = {
  readonly [Each in Union as Each['type']]: Message<Each>;
};
