/**
 * Reads an event at the speed of memory, and puts its row together (decision 037). AssemblyScript, not TypeScript: `npm
 * run wasm` compiles this folder into src/event-text/plain-event-code.ts. It takes what is an event in any form of
 * JSON: white space, any order of fields, escapes, UTF-8, any form of time and id. It leaves to the general reader
 * (src/event-text/read-events.ts) what is refused, and what is seldom: an object with a key twice, more than a thousand
 * levels in a field that no event has, more than 8,192 keys in objects within each other.
 */
import { at, copy, out, put, putAll, raw } from './progress';
import {
  fields,
  isFollowing,
  nameFrom,
  nameSearch,
  nameSearchTo,
  nameTo,
  payloadBit,
  payloadFrom,
  payloadSearch,
  payloadSearchTo,
  payloadTo,
  relatedBit,
  relatedFrom,
  relatedSearch,
  relatedSearchTo,
  relatedTo,
  resourceFrom,
  resourceSearch,
  resourceSearchTo,
  resourceTo,
  seen,
} from './event';
import { forgetKeys } from './keys';
import {
  blockBytesResult,
  followsPlace,
  idPlace,
  rawBytesResult,
  secondsResult,
  timeBytesResult,
  timePlace,
} from './places';
import { putColumn, secondsOfTime } from './time';
import { value } from './value';

/** schemas/event.ts, eventBytesMax. */
const eventBytesMax: i32 = 1500000;

/**
 * Reads the event that begins at `from`; behind the text, which ends at `to`, nothing is taken. Canonical text and
 * search text are written to `rawFrom` and `searchFrom`, and to `into` what the row holds behind the time of receipt:
 * time, head, search text and canonical text up to `"received":"`. Gives the place behind the event, or 0 if it is not
 * taken.
 */
export function readEvent(from: i32, to: i32, rawFrom: i32, searchFrom: i32, into: i32): i32 {
  for (let place = to; place < to + 64; place += 16) v128.store(place, i8x16.splat(0));
  at = from;
  raw = rawFrom;
  out = searchFrom;
  forgetKeys(true);
  if (!fields()) return 0;
  return putTogether(into) ? at : 0;
}

/** Passes one value of JSON, whose keys may come twice. Gives the place behind it; 0 if there is none. */
export function passValue(from: i32, rawFrom: i32, searchFrom: i32): i32 {
  at = from;
  raw = rawFrom;
  out = searchFrom;
  forgetKeys(false);
  return value() ? at : 0;
}

/** False if the event is too large. */
function putTogether(into: i32): bool {
  const hasRelated = (seen & relatedBit) != 0;
  const hasPayload = (seen & payloadBit) != 0;
  const timeBytes = load<i32>(timeBytesResult);
  const resources = nameTo - nameFrom + (resourceTo - resourceFrom) + (hasRelated ? relatedTo - relatedFrom : 2);
  // What stands between these is 46 bytes long.
  const head = 46 + timeBytes + resources;
  let to = putColumn(into);
  store<u8>(to, 0x09);
  to = putNumber(to + 1, head);
  store<u8>(to, 0x09);
  to = copy(nameSearch, nameSearchTo, to + 1);
  to = copy(resourceSearch, resourceSearchTo, to);
  if (hasRelated) to = copy(relatedSearch, relatedSearchTo, to);
  if (hasPayload) to = copy(payloadSearch, payloadSearchTo, to);
  store<u8>(to, 0x09);
  raw = to + 1;
  putAll('{"occurred":"');
  raw = copy(timePlace, timePlace + timeBytes, raw);
  putAll('","event":');
  raw = copy(nameFrom, nameTo, raw);
  putAll(',"resource":');
  raw = copy(resourceFrom, resourceTo, raw);
  putAll(',"related":');
  if (hasRelated) raw = copy(relatedFrom, relatedTo, raw);
  else putAll('[]');
  putAll(',"payload":');
  if (hasPayload) raw = copy(payloadFrom, payloadTo, raw);
  else putAll('{}');
  putAll(',"id":"');
  raw = copy(idPlace, idPlace + 36, raw);
  putAll('","follows":');
  if (isFollowing) {
    put(0x22);
    raw = copy(followsPlace, followsPlace + 36, raw);
    put(0x22);
  } else putAll('null');
  const rawBytes = raw - to - 1;
  putAll(',"received":"');
  store<i32>(blockBytesResult, raw - into);
  store<i32>(rawBytesResult, rawBytes);
  store<f64>(secondsResult, secondsOfTime());
  return rawBytes + 1 <= eventBytesMax;
}

function putNumber(into: i32, number: i32): i32 {
  let digits = 1;
  for (let rest = number / 10; rest > 0; rest /= 10) digits += 1;
  for (let place = into + digits - 1; place >= into; place -= 1) {
    store<u8>(place, 0x30 + (number % 10));
    number /= 10;
  }
  return into + digits;
}
