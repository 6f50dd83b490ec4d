/**
 * A filter as JSON Schema, made of what its parts say of themselves (src/filter/filter-parts.ts).
 */
import type { JsonSchema } from '../../schemas/json-schema.ts';
import { filterParts } from '../filter/filter-parts.ts';

export const filterSchema: JsonSchema = {
  title: 'Filter',
  description: 'All parts must hold. A part that is not there, or empty, asks for nothing.',
  type: 'object',
  properties: Object.fromEntries(
    Object.values(filterParts).map(({ name, about, schema }) => [name, { ...schema, description: `${about}.` }]),
  ),
  additionalProperties: false,
};

export const filterExample = {
  occurred: { since: '2026-11-22T00:00:00Z' },
  event: { prefix: ['door.'] },
  resource: { labels: { region: ['eu', 'us'] } },
};
