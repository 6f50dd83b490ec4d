/**
 * JSON schemas of what parts of a filter hold, as a client sends them.
 */
import type { JsonSchema } from '../../schemas/json-schema.ts';
import { entriesMax } from './read-entries.ts';

export const stringsSchema: JsonSchema = { type: 'array', items: { type: 'string' } };

export const timeSchema: JsonSchema = {
  anyOf: [{ type: 'string', format: 'date-time' }, { type: 'number' }],
  description: 'A time in ISO 8601, UTC where it has no zone, or seconds since 1970.',
};

/** An id and a role. */
export const pairSchema: JsonSchema = {
  type: 'array',
  items: { type: 'string' },
  minItems: 2,
  maxItems: 2,
};

export const labelsSchema: JsonSchema = {
  title: 'LabelPatterns',
  description:
    'Labels that must all fit. A value, or a list of which one must fit: `*` is any run, `?` one character, and `!` ' +
    'in front negates.',
  type: 'object',
  additionalProperties: { anyOf: [{ type: 'string' }, stringsSchema] },
  examples: [{ region: ['eu', 'us'], env: '!test*' }],
};

/** Fields that may each be left out, and no others. */
export function modelSchema(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', properties, additionalProperties: false };
}

/** One entry, or a list of entries that must all be met. */
export function entriesSchema(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const entry = modelSchema(properties);
  return { anyOf: [entry, { type: 'array', items: entry, maxItems: entriesMax }] };
}
