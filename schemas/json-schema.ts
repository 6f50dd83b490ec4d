/**
 * JSON Schema (2020-12) of what goes over the wire. A `Schema<Value>` is compared with its type by the compiler: a
 * field that one of the two has and the other has not does not compile.
 */

declare const of: unique symbol;

/** The keywords that are used here. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  /** A schema with a title stands once in a description, under that name. */
  readonly title?: string;
  readonly description?: string;
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly maxProperties?: number;
  readonly anyOf?: readonly JsonSchema[];
}

/** The schema of one type; `of` is for the compiler alone. */
export interface Schema<Value> extends JsonSchema {
  readonly [of]?: (value: Value) => Value;
}

export interface Optional<Value> {
  readonly optional: Schema<Value>;
}

export type Fields<Model> = {
  readonly [Name in keyof Model]-?: object extends Pick<Model, Name>
    ? Optional<Exclude<Model[Name], undefined>>
    : Schema<Model[Name]>;
};

/** An object with these fields. It may have others unless `more` says that it may not. */
export function objectOf<Model extends object>(fields: Fields<Model>, more: JsonSchema = {}): Schema<Model> {
  const entries: [string, JsonSchema | Optional<unknown>][] = Object.entries(fields);
  const required = entries.flatMap(([name, field]) => (isOptional(field) ? [] : [name]));
  const properties = entries.map(([name, field]) => [name, isOptional(field) ? field.optional : field]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    ...more,
  };
}

/** A field that may be left out. */
export function optional<Value>(schema: Schema<Value>): Optional<Value> {
  return { optional: schema };
}

export function text(description: string, more: JsonSchema = {}): Schema<string> {
  return { type: 'string', description, ...more };
}

export function integer(description: string, more: JsonSchema = {}): Schema<number> {
  return { type: 'integer', description, ...more };
}

export function number(description: string, more: JsonSchema = {}): Schema<number> {
  return { type: 'number', description, ...more };
}

export function flag(description: string, more: JsonSchema = {}): Schema<boolean> {
  return { type: 'boolean', description, ...more };
}

export function words<const Word extends string>(list: readonly Word[], more: JsonSchema = {}): Schema<Word> {
  return { type: 'string', enum: list, ...more };
}

export function literal<const Value extends string | boolean | null>(value: Value): Schema<Value> {
  return { const: value };
}

export function listOf<Item>(items: Schema<Item>, more: JsonSchema = {}): Schema<readonly Item[]> {
  return { type: 'array', items, ...more };
}

/** An object whose names are free. */
export function recordOf<Value>(values: Schema<Value>, more: JsonSchema = {}): Schema<Readonly<Record<string, Value>>> {
  return { type: 'object', additionalProperties: values, ...more };
}

export function eitherOf<One, Other>(
  one: Schema<One>,
  other: Schema<Other>,
  more: JsonSchema = {},
): Schema<One | Other> {
  return { anyOf: [one, other], ...more };
}

export function orNull<Value>(schema: Schema<Value>, more: JsonSchema = {}): Schema<Value | null> {
  return { anyOf: [schema, { type: 'null' }], ...more };
}

/** Any JSON value. */
export const anything: Schema<unknown> = {};

function isOptional(field: JsonSchema | Optional<unknown>): field is Optional<unknown> {
  return 'optional' in field;
}
