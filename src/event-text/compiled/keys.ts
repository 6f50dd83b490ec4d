/**
 * Keys that an object has already: such an object is left to the general reader. Keys of open objects lie on a stack
 * and are compared one by one; those of an object with many lie in a hash table, too.
 */
import { at, keeps, next, put, raw } from './progress';
import { keyBytes, keysFrom, keysMax, slotBits, slotBytes, slotsFrom } from './places';
import { text } from './text';

/** So many keys are compared one by one. */
const fewKeys: i32 = 16;
/** Keys that are alike at both ends, and slots that are taken, cost time: so much is given to each event. */
const triesMax: i32 = 65536;

let isChecked: bool = true;
/** Behind the last key. */
let keysTop: i32 = keysFrom;
/** Objects with many keys so far; a slot belongs to one of them. */
let objects: u32 = 0;
/** The last object before this event: slots of older ones are free. */
let objectsBefore: u32 = 0;
let tries: i32 = 0;

/** Begins a text. `checks`: whether a key that comes twice is looked for. */
export function forgetKeys(checks: bool): void {
  isChecked = checks;
  keysTop = keysFrom;
  tries = 0;
  if (objects > 0x70000000) {
    memory.fill(slotsFrom, 0, slotBytes << slotBits);
    objects = 0;
  }
  objectsBefore = objects;
}

/** Where the keys of an object will begin that opens now. */
export function keysOfNew(): i32 {
  return keysTop;
}

/** The object whose keys begin there has ended. Its slots are the last that were taken, so none leads past them. */
export function closeKeys(ownKeys: i32, number: i32): void {
  if (number > 0) {
    for (let place = ownKeys; place < keysTop; place += keyBytes) store<u32>(load<i32>(place, 16), 0);
  }
  keysTop = ownKeys;
}

/**
 * Takes a key and its colon. `number` is the object's, 0 while it has few keys. Gives that number, or -1 if there is no
 * key, or one that the object has already.
 */
export function key(ownKeys: i32, number: i32, isSearched: bool): i32 {
  if (next() != 0x22) return -1;
  at += 1;
  put(0x22);
  const from = raw;
  if (!text(isSearched)) return -1;
  const length = raw - 1 - from;
  if (!keeps(0x3a)) return -1;
  if (!isChecked) return 0;
  if (keysTop == keysFrom + keysMax * keyBytes) return -1;
  const print = printOf(from, length);
  store<u64>(keysTop, print);
  store<i32>(keysTop, from, 8);
  store<i32>(keysTop, length, 12);
  const top = keysTop;
  keysTop += keyBytes;
  if (top - ownKeys >= fewKeys * keyBytes) return hashKey(ownKeys, number, top);
  for (let other = ownKeys; other < top; other += keyBytes) {
    if (load<u64>(other) == print && isSame(other, top)) return -1;
  }
  return number;
}

/** Differs for most keys: the length, the first eight bytes and the last eight. */
// @ts-ignore: AssemblyScript's own
@inline
function printOf(from: i32, length: i32): u64 {
  const first = load<u64>(from);
  if (length < 8) return (first & ((<u64>1 << (<u64>length << 3)) - 1)) | (<u64>length << 56);
  return (first ^ rotl<u64>(load<u64>(from + length - 8), 29)) + <u64>length * 0x9e3779b97f4a7c15;
}

/** Whether two keys of one print are the same; also if it took too long to tell. */
function isSame(one: i32, other: i32): bool {
  const length = load<i32>(one, 12);
  tries += 1 + (length >> 4);
  if (tries > triesMax) return true;
  return length == load<i32>(other, 12) && memory.compare(load<i32>(one, 8), load<i32>(other, 8), length) == 0;
}

function hashKey(ownKeys: i32, number: i32, top: i32): i32 {
  if (number == 0) {
    objects += 1;
    number = <i32>objects;
    for (let other = ownKeys; other < top; other += keyBytes) {
      if (!enters(other, number)) return -1;
    }
  }
  return enters(top, number) ? number : -1;
}

/** Enters a key; false if there is one like it. As there are twice as many slots as keys, one is free. */
function enters(place: i32, number: i32): bool {
  const print = load<u64>(place);
  let slot = <i32>((print * 0x9e3779b97f4a7c15) >> (64 - slotBits));
  while (true) {
    const at = slotsFrom + slot * slotBytes;
    const owner = load<u32>(at);
    if (owner <= objectsBefore) {
      store<u32>(at, <u32>number);
      store<i32>(at, place, 4);
      store<i32>(place, at, 16);
      return true;
    }
    if (owner == <u32>number) {
      const other = load<i32>(at, 4);
      if (load<u64>(other) == print && isSame(other, place)) return false;
    }
    tries += 1;
    if (tries > triesMax) return false;
    slot = (slot + 1) & ((1 << slotBits) - 1);
  }
}
