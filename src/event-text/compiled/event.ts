/**
 * The fields of an event, in whatever order they come: where the canonical text of each lies, and its search text. The
 * rules of an event stand in src/event-text/explain-event.ts, too.
 */
import { at, begins, byte, equals, next, out, put, raw, takes } from './progress';
import { hasLone } from './escape';
import { labels, relatedResources } from './labels';
import { followsPlace, idPlace } from './places';
import { text } from './text';
import { time } from './time';
import { uuid } from './uuid';
import { value } from './value';

const nameCharactersMax: i32 = 1024;

/** Bits of the fields that have come. */
export let seen: i32 = 0;
export const relatedBit: i32 = 8;
export const payloadBit: i32 = 16;
const followsBit: i32 = 64;
const occurredBit: i32 = 1;
const nameBit: i32 = 2;
const resourceBit: i32 = 4;
const idBit: i32 = 32;
const requiredBits: i32 = 39;
/** Whether the last event follows another one; its id lies at `followsPlace`. */
export let isFollowing: bool = false;

/** Where the canonical texts of the last event lie, and their search texts; of a field that has not come, anything. */
export let nameFrom: i32 = 0;
export let nameTo: i32 = 0;
export let nameSearch: i32 = 0;
export let nameSearchTo: i32 = 0;
export let resourceFrom: i32 = 0;
export let resourceTo: i32 = 0;
export let resourceSearch: i32 = 0;
export let resourceSearchTo: i32 = 0;
export let relatedFrom: i32 = 0;
export let relatedTo: i32 = 0;
export let relatedSearch: i32 = 0;
export let relatedSearchTo: i32 = 0;
export let payloadFrom: i32 = 0;
export let payloadTo: i32 = 0;
export let payloadSearch: i32 = 0;
export let payloadSearchTo: i32 = 0;

/** Takes an event; false if it breaks a rule, or has a field twice. */
export function fields(): bool {
  seen = 0;
  isFollowing = false;
  if (!takes(0x7b)) return false;
  do {
    if (next() != 0x22) return false;
    at += 1;
    const from = raw;
    if (!text(false) || !takes(0x3a)) return false;
    const length = raw - 1 - from;
    raw = from;
    if (!field(from, length)) return false;
  } while (takes(0x2c));
  return (seen & requiredBits) == requiredBits && takes(0x7d);
}

/** Takes the value of the field with this name. */
function field(from: i32, length: i32): bool {
  if (length == 5 && equals(from, length, 'event')) return isFirst(nameBit) && name();
  if (length == 8 && equals(from, length, 'occurred')) return isFirst(occurredBit) && time();
  if (length == 8 && equals(from, length, 'resource')) return isFirst(resourceBit) && resource();
  if (length == 7 && equals(from, length, 'related')) return isFirst(relatedBit) && related();
  if (length == 7 && equals(from, length, 'payload')) return isFirst(payloadBit) && payload();
  if (length == 2 && equals(from, length, 'id')) return isFirst(idBit) && uuid(idPlace);
  if (length == 7 && equals(from, length, 'follows')) return isFirst(followsBit) && follows();
  return passed();
}

function isFirst(bit: i32): bool {
  const isNew = (seen & bit) == 0;
  seen |= bit;
  return isNew;
}

function name(): bool {
  if (next() != 0x22) return false;
  at += 1;
  nameFrom = raw;
  nameSearch = out;
  put(0x22);
  hasLone = false;
  if (!text(true) || hasLone) return false;
  nameTo = raw;
  nameSearchTo = out;
  return nameTo - nameFrom - 2 <= nameCharactersMax || characters(nameFrom + 1, nameTo - 1) <= nameCharactersMax;
}

/** Characters of a canonical string without its quotes: an escape is one of them. */
function characters(from: i32, to: i32): i32 {
  let count = 0;
  for (let place = from; place < to; place += 1) {
    const code = byte(place);
    if ((code & 0xc0) == 0x80) continue;
    count += 1;
    if (code == 0x5c) place += byte(place + 1) == 0x75 ? 5 : 1;
  }
  return count;
}

function resource(): bool {
  resourceFrom = raw;
  resourceSearch = out;
  if (!labels(false)) return false;
  resourceTo = raw;
  resourceSearchTo = out;
  return true;
}

function related(): bool {
  relatedFrom = raw;
  relatedSearch = out;
  if (!relatedResources()) return false;
  relatedTo = raw;
  relatedSearchTo = out;
  return true;
}

function payload(): bool {
  payloadFrom = raw;
  payloadSearch = out;
  if (next() != 0x7b || !value()) return false;
  payloadTo = raw;
  payloadSearchTo = out;
  return true;
}

function follows(): bool {
  isFollowing = next() == 0x22;
  return isFollowing ? uuid(followsPlace) : begins(at, 'null') && passed();
}

/** A field that no event has: whatever it holds is JSON, and is dropped. */
function passed(): bool {
  const before = raw;
  const searchBefore = out;
  if (!value()) return false;
  raw = before;
  out = searchBefore;
  return true;
}
