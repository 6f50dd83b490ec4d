/**
 * The shape of an event as the description of the API has it (src/description/event-schemas.ts), held against the rules
 * of src/event-text/explain-event.ts. Times, and text that UTF-8 cannot hold, are beyond a schema.
 */
import { Ajv } from 'ajv';
import { sentEvent } from '../../src/description/event-schemas.ts';

/** Of a parsed JSON value. Lengths are in characters, not in UTF-16 units. */
export function fitsSchema(value: unknown): boolean {
  return validate(value);
}

const dashed = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const uuid = new RegExp(`^(?:[0-9a-fA-F]{32}|(?:urn:uuid:)?${dashed}|\\{${dashed}\\})$`);

/** Seconds are taken too, for clients of Prefect, and all times that are text are judged elsewhere. */
const taken = { ...sentEvent, properties: { ...sentEvent.properties, occurred: { type: ['string', 'number'] } } };

const validate = new Ajv({ ownProperties: true, strict: false, formats: { uuid, 'date-time': true } }).compile(taken);
