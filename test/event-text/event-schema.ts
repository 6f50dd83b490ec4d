/**
 * The shape of an event as a JSON schema, written apart from the rules of src/event-text/explain-event.ts, which are
 * held against it. Times, and text that UTF-8 cannot hold, are beyond a schema.
 */
import { Ajv, type AnySchema } from 'ajv';
import {
  eventNameCharactersMax,
  labelsMax,
  relatedMax,
  resourceIdLabel,
  resourceRoleLabel,
} from '../../schemas/event.ts';

/** Of a parsed JSON value. Lengths are in characters, not in UTF-16 units. */
export function fitsSchema(value: unknown): boolean {
  return validate(value);
}

const dashed = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const uuidText = `^(?:[0-9a-fA-F]{32}|(?:urn:uuid:)?${dashed}|\\{${dashed}\\})$`;

const label = { type: 'string' };
const labelWithText = { type: 'string', minLength: 1 };

/** The id label counts as one of the labels. */
const resource = {
  type: 'object',
  maxProperties: labelsMax,
  required: [resourceIdLabel],
  properties: { [resourceIdLabel]: labelWithText },
  additionalProperties: label,
};

const relatedResource = {
  ...resource,
  required: [resourceIdLabel, resourceRoleLabel],
  properties: { [resourceIdLabel]: labelWithText, [resourceRoleLabel]: labelWithText },
};

const eventSchema: AnySchema = {
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
};

const validate = new Ajv({ ownProperties: true, allowUnionTypes: true, strictRequired: false }).compile(eventSchema);
