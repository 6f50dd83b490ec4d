/**
 * The tag by which an id remembers the forced label that its event was stored under: 32 bits, 0 for no label.
 */
import { createHash } from 'node:crypto';

export function tagOfLabel(key: string, value: string): number {
  const hash = createHash('sha256')
    .update(JSON.stringify([key, value]))
    .digest();
  return hash.readUInt32LE(0) || 1;
}

/** Of an event that was read from ClickHouse: it has the labels, and does not say which of them was forced. */
export const unknownTag = 2 ** 32 - 1;
