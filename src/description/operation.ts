/**
 * What the description of the API says of one HTTP route. It stands beside the route's entry, and the documents
 * (openapi.ts, page.ts) are made of it.
 */
import type { JsonSchema } from '../../schemas/json-schema.ts';
import type { FailureName } from '../base/errors.ts';

export interface Operation {
  /** The name of the operation in generated clients. */
  readonly id: string;
  readonly group: OperationGroup;
  /** A few words. */
  readonly title: string;
  /** Markdown, of which only `code`, blank lines and lists with `-` are used. */
  readonly about: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: Body;
  /** By status, but for those of failures. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** What it may say no with, beside what every route may (failures.ts). */
  readonly fails?: readonly FailureName[];
}

export const groups = {
  Events: 'Sending events, and getting them as they come.',
  Questions: 'Pages, counts and exports of what was stored.',
  Server: 'Health, numbers, versions, and the descriptions of the API.',
} as const;

export type OperationGroup = keyof typeof groups;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly about: string;
  readonly required?: true;
  readonly schema: JsonSchema;
  /** Its text is JSON, of this schema. */
  readonly isJson?: true;
  readonly example: unknown;
}

export interface Body {
  readonly about: string;
  readonly schema: JsonSchema;
  /** By a name for each. */
  readonly examples: Readonly<Record<string, unknown>>;
  /** Whether there must be one. */
  readonly required: boolean;
}

export interface Answer {
  readonly about: string;
  /** None: no body. */
  readonly content?: {
    /** `application/json` where it is left out. */
    readonly type?: string;
    readonly schema: JsonSchema;
    readonly example: unknown;
  };
  readonly headers?: Readonly<Record<string, string>>;
}
