/**
 * Resources: objects of texts (src/event-text/explain-event.ts has their rules, too). Only values are searched.
 */
import { at, begins, keeps, next, put, raw, takes } from './progress';
import { hasLone } from './escape';
import { closeKeys, key, keysOfNew } from './keys';
import { text } from './text';

const relatedMax: i32 = 100;
const labelsMax: i32 = 500;

export function relatedResources(): bool {
  if (!keeps(0x5b)) return false;
  if (keeps(0x5d)) return true;
  let count = 0;
  do {
    count += 1;
    if (count > relatedMax || !labels(true)) return false;
  } while (keeps(0x2c));
  return keeps(0x5d);
}

/** With a resource's id, and where it is wanted its role; neither is empty. */
export function labels(wantsRole: bool): bool {
  if (!keeps(0x7b)) return false;
  const ownKeys = keysOfNew();
  let number = 0;
  let count = 0;
  let hasId = false;
  let hasRole = false;
  hasLone = false;
  do {
    count += 1;
    const keyFrom = raw + 1;
    number = key(ownKeys, number, false);
    if (number < 0) return false;
    // Its quote and its colon are behind it.
    const keyBytes = raw - 2 - keyFrom;
    if (!takes(0x22)) return false;
    put(0x22);
    const valueFrom = raw;
    if (!text(true)) return false;
    if (keyBytes < 19 || keyBytes > 21 || !begins(keyFrom, 'prefect.resource')) continue;
    const isId = keyBytes == 19 && begins(keyFrom + 16, '.id');
    const isRole = keyBytes == 21 && begins(keyFrom + 16, '.role');
    const isEmpty = raw - 1 == valueFrom;
    if (isEmpty && (isId || (isRole && wantsRole))) return false;
    hasId = hasId || isId;
    hasRole = hasRole || isRole;
  } while (keeps(0x2c));
  closeKeys(ownKeys, number);
  return count <= labelsMax && !hasLone && hasId && (hasRole || !wantsRole) && keeps(0x7d);
}
