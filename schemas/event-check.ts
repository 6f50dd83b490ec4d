/**
 * The JSON schema of an event as producers send it (docs/prefect-facts.md, "Sending events"), compiled once: the fast
 * yes of intake. What it refuses is told in Pydantic's words elsewhere. Times, and text that UTF-8 cannot hold, are
 * beyond a schema and are checked after it.
 */
import { Ajv, type JSONSchemaType } from 'ajv';
import { isDashedUuid } from './dashed-uuid.ts';
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
  return isPlainEvent(value) || fitsSchema(value);
}

/**
 * A yes by hand for the events that nearly all are, at a third of the compiled schema's cost: whatever it takes the
 * schema takes too, and whatever it does not is for the schema to judge.
 */
export function isPlainEvent(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { occurred, event, resource, related, payload, id, follows } = value;
  return (
    typeof occurred === 'string' &&
    typeof event === 'string' &&
    // Characters are at most as many as UTF-16 units.
    event.length <= eventNameCharactersMax &&
    isResource(resource, false) &&
    (related === undefined || (Array.isArray(related) && areRelated(related))) &&
    (payload === undefined || isObject(payload)) &&
    typeof id === 'string' &&
    isDashedUuid(id) &&
    (follows === undefined || follows === null || (typeof follows === 'string' && isDashedUuid(follows)))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function areRelated(related: readonly unknown[]): boolean {
  if (related.length > relatedMax) return false;
  for (const one of related) if (!isResource(one, true)) return false;
  return true;
}

/** What JSON.parse made has no enumerable property but its own. */
function isResource(labels: unknown, wantsRole: boolean): boolean {
  if (!isObject(labels)) return false;
  let count = 0;
  for (const label in labels) {
    if (typeof labels[label] !== 'string') return false;
    count += 1;
  }
  const isNamed = isOwnText(labels, resourceIdLabel) && (!wantsRole || isOwnText(labels, resourceRoleLabel));
  return isNamed && count <= labelsMax;
}

/** Both labels hold dots, so no prototype has them. */
function isOwnText(labels: Record<string, unknown>, label: string): boolean {
  const value = labels[label];
  return typeof value === 'string' && value !== '';
}

/** The schema alone, for all events and as the measure of the yes by hand. */
export function fitsSchema(value: unknown): value is SentEvent {
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
