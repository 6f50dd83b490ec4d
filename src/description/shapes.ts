/**
 * All schemas with a name that routes and sockets use, for the page.
 */
import type { JsonSchema } from '../../schemas/json-schema.ts';
import type { DescribedSocket } from './asyncapi.ts';
import { detail, refusal, sentence } from './failures.ts';
import type { DescribedRoute } from './openapi.ts';

/** By name, in the order in which they are met. */
export function shapesOf(
  routes: readonly DescribedRoute[],
  sockets: readonly DescribedSocket[],
): ReadonlyMap<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  const look = (schema: JsonSchema): void => {
    if (schema.title !== undefined && found.has(schema.title)) return;
    if (schema.title !== undefined) found.set(schema.title, schema);
    const { properties = {}, items, additionalProperties, anyOf = [] } = schema;
    for (const inner of [...Object.values(properties), ...anyOf]) look(inner);
    if (items !== undefined) look(items);
    if (typeof additionalProperties === 'object') look(additionalProperties);
  };
  for (const { operation } of routes) {
    const { parameters = [], body, answers } = operation;
    for (const { schema } of parameters) look(schema);
    if (body !== undefined) look(body.schema);
    for (const { content } of Object.values(answers)) look(content?.schema ?? {});
  }
  for (const { channel } of sockets) {
    for (const { schema } of Object.values({ ...channel.sent, ...channel.answered })) look(schema);
  }
  for (const schema of [refusal, sentence, detail]) look(schema);
  return found;
}
