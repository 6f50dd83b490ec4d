/**
 * Reads the first messages of a WebSocket, and shortens what is said in a close frame.
 */
import type { Unchecked } from '../../schemas/wire.ts';
import { measureJson } from '../event-text/measure-json.ts';

/** No filter goes deeper, and a megabyte of lists in lists takes JSON.parse a tenth of a second. */
const askDepthMax = 64;
/**
 * JSON.parse makes each of them before anybody can look: 350,000 took 60 ms. Of a filter only pairs of resource and
 * role come near.
 */
const askContainersMax = 20_000;
/** An object of 100,000 keys took JSON.parse a tenth of a second. A filter has 50 entries and 500 labels. */
const askKeysMax = 20_000;
const plainBytesMax = 64 * 1024;

/** Why a large body or message that asks for events is refused before it is parsed; null where it is not. */
export function whyTooMuchToAsk(bytes: Buffer): string | null {
  if (bytes.length <= plainBytesMax) return null;
  const { depth, containers, keys } = measureJson(bytes, 0);
  if (depth > askDepthMax) return `Nested deeper than ${askDepthMax} levels`;
  if (containers > askContainersMax) return `More than ${askContainersMax} objects and lists`;
  return keys > askKeysMax ? `More than ${askKeysMax} keys` : null;
}

/** A text message that holds a JSON object; null for anything else. */
export function readObject<Message>(bytes: Buffer, isBinary: boolean): Unchecked<Message> | null {
  if (isBinary || whyTooMuchToAsk(bytes) !== null) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return value as Unchecked<Message>; // an object may have any field, with any value
  } catch {
    return null;
  }
}

/** Whether Python takes a JSON value as true: Prefect reads `backfill` so. */
export function isPythonTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** RFC 6455: a control frame holds 125 bytes, two of them the code. */
const reasonBytesMax = 123;

/** A close reason that fits its frame, cut at a character. */
export function fitReason(reason: string): string {
  // A character has a byte at least: what comes later cannot fit.
  const bytes = Buffer.from(reason.slice(0, reasonBytesMax + 1));
  if (bytes.length <= reasonBytesMax) return reason;
  let end = reasonBytesMax;
  while (isContinuation(bytes[end])) end -= 1;
  return bytes.toString('utf8', 0, end);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
