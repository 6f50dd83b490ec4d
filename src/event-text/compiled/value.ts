/**
 * Any JSON value, level by level, with no more than a thousand levels open.
 */
import { at, byte, keeps, next, put } from './progress';
import { closeKeys, key, keysOfNew } from './keys';
import { levelBytes, levelsFrom } from './places';
import { scalar } from './scalar';
import { text } from './text';

/** schemas/event.ts, payloadDepthMax. */
const depthMax: i32 = 1000;
/** Stands for an object's number on the stack of levels. */
const ofList: i32 = -1;

/** Takes a value; all of it is searched. False if it is none, nests too deep, or repeats a key. */
export function value(): bool {
  let top = levelsFrom;
  while (true) {
    const code = next();
    if (code == 0x22) {
      at += 1;
      put(code);
      if (!text(true)) return false;
    } else if (code == 0x7b || code == 0x5b) {
      if (top == levelsFrom + depthMax * levelBytes) return false;
      at += 1;
      put(code);
      // The closing one is two behind.
      if (!keeps(code + 2)) {
        store<i32>(top, keysOfNew());
        store<i32>(top, code == 0x7b ? 0 : ofList, 4);
        top += levelBytes;
        if (code == 0x7b && !memberKey(top - levelBytes)) return false;
        continue;
      }
    } else if (!scalar()) return false;
    // A value has ended: another one comes, or the end of what is around it.
    while (true) {
      if (top == levelsFrom) return true;
      const level = top - levelBytes;
      const number = load<i32>(level, 4);
      const isList = number == ofList;
      if (keeps(0x2c)) {
        if (!isList && !memberKey(level)) return false;
        break;
      }
      if (!keeps(isList ? 0x5d : 0x7d)) return false;
      closeKeys(load<i32>(level), number);
      top = level;
    }
  }
}

function memberKey(level: i32): bool {
  const number = key(load<i32>(level), load<i32>(level, 4), true);
  if (number == -1) return false;
  store<i32>(level, number, 4);
  return true;
}
