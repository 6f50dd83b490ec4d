/**
 * Puts each schema that has a title once under its name, and a reference in its place.
 */
import type { JsonSchema } from '../../schemas/json-schema.ts';

export interface NamedSchemas {
  /** By name, in the order in which they were met. */
  readonly found: Record<string, JsonSchema>;
  /** A schema with references in place of the named ones. */
  readonly refer: (schema: JsonSchema) => object;
}

/** Throws where two schemas that differ have one name. */
export function namedSchemas(): NamedSchemas {
  const found: Record<string, JsonSchema> = {};
  const texts = new Map<string, string>();

  function refer(schema: JsonSchema): object {
    const { title, description, ...rest } = schema;
    if (title === undefined) return inside(schema);
    const text = JSON.stringify(rest);
    if (texts.get(title) === undefined) {
      texts.set(title, text);
      found[title] = {};
      found[title] = inside(schema);
    } else if (texts.get(title) !== text) throw new Error(`two schemas are named ${title}`);
    const reference = { $ref: `#/components/schemas/${title}` };
    // A description of its own stands beside the reference.
    return found[title]?.description === description ? reference : { description, ...reference };
  }

  function inside({ properties, items, additionalProperties, anyOf, ...rest }: JsonSchema): JsonSchema {
    return {
      ...rest,
      ...(properties && {
        properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, refer(each)])),
      }),
      ...(items && { items: refer(items) }),
      ...(additionalProperties !== undefined && {
        additionalProperties:
          typeof additionalProperties === 'boolean' ? additionalProperties : refer(additionalProperties),
      }),
      ...(anyOf && { anyOf: anyOf.map(refer) }),
    };
  }

  return { found, refer };
}
