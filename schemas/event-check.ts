/**
 * The JSON schema of an event as producers send it (PROTOCOL-FACTS §2), compiled once: the fast yes of intake. What it
 * refuses is told in Pydantic's words elsewhere. Times, and text that UTF-8 cannot hold, are beyond a schema and are checked after it.
 */
import { Ajv, type JSONSchemaType } from 'ajv';
import { eventNameCharactersMax, labelsMax, relatedMax, resourceIdLabel, resourceRoleLabel } from './event.ts';

/** An event whose shape was checked; unknown fields may be there too. */
export interface SentEvent {
  readonly occurred: string | number;
  readonly event: string;
  readonly resource: Record<string, string>;
  readonly related?: Record<string, string>[];
  readonly payload?: Record<string, unknown>;
  readonly id: string;
  readonly follows?: string | null;
}

/** True if a parsed JSON value has the shape of an event. Lengths are in characters, not in UTF-16 units. */
export function hasEventShape(value: unknown): value is SentEvent {
  return validate(value);
}

const uuidText =
  '^(?:[0-9a-fA-F]{32}|(?:urn:uuid:)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\})$';

const label = { type: 'string' } as const;
const labelWithText = { type: 'string', minLength: 1 } as const;

/** The id label counts as one of the labels. */
const resource = {
  type: 'object',
  maxProperties: labelsMax,
  required: [resourceIdLabel],
  properties: { [resourceIdLabel]: labelWithText },
  additionalProperties: label,
} as const;

const relatedResource = {
  ...resource,
  required: [resourceIdLabel, resourceRoleLabel],
  properties: { [resourceIdLabel]: labelWithText, [resourceRoleLabel]: labelWithText },
} as const;

const eventSchema = {
  type: 'object',
  required: ['occurred', 'event', 'resource', 'id'],
  properties: {
    occurred: { type: ['string', 'number'] },
    event: { type: 'string', maxLength: eventNameCharactersMax },
    resource,
    related: { type: 'array', maxItems: relatedMax, items: relatedResource },
    payload: { type: 'object' },
    id: { type: 'string', pattern: uuidText },
    follows: { type: ['string', 'null'], pattern: uuidText },
  },
} as const;

const ajv = new Ajv({ ownProperties: true, allowUnionTypes: true, strictRequired: false });
const validate = ajv.compile<SentEvent>(eventSchema as unknown as JSONSchemaType<SentEvent>); // Ajv's type cannot say "string or number"
