/**
 * What the bytes of a JSON text say before it is parsed, in one pass that costs a few ns a byte: a text that cannot be
 * an event, or that would hold up everybody else, is refused by this alone (I4). Bytes that are no JSON give numbers
 * without a meaning.
 */
export interface JsonMeasure {
  /** Levels of nesting. */
  readonly depth: number;
  /** Objects and lists at all levels. */
  readonly containers: number;
  /** Keys of objects at all levels, repeated ones too. */
  readonly keys: number;
  /** Commas of the outermost list or object, and one. */
  readonly items: number;
  /**
   * The item that is the largest, if white space and escapes do not count: its index, where it begins, and its bytes.
   */
  readonly largest: { readonly index: number; readonly at: number; readonly bytes: number };
}

const quote = 0x22;
const backslash = 0x5c;
const smallU = 0x75;
const comma = 0x2c;
const colon = 0x3a;

/**
 * `itemLevel` is the nesting at which items stand: 1 in a list of events, 0 for a text that is one event. Of a list
 * with more than `itemsMax` it gives no more than that there are more.
 */
export function measureJson(bytes: Uint8Array, itemLevel: 0 | 1, itemsMax = Number.POSITIVE_INFINITY): JsonMeasure {
  const { length } = bytes;
  let level = 0;
  let depth = 0;
  let containers = 0;
  let keys = 0;
  let items = 1;
  let itemAt = 0;
  let largest = { index: 0, at: 0, bytes: 0 };
  /** White space outside strings, and what escapes may save, in the item. */
  let spare = 0;
  for (let at = 0; at < length; at += 1) {
    const code = bytes[at];
    if (code === quote) {
      for (at += 1; at < length; at += 1) {
        const inside = bytes[at];
        if (inside === quote) break;
        if (inside !== backslash) continue;
        at += 1;
        spare += bytes[at] === smallU ? 5 : 1;
      }
    } else if (code === 0x5b || code === 0x7b) {
      level += 1;
      containers += 1;
      if (level > depth) depth = level;
      if (level === itemLevel && items === 1) itemAt = at + 1;
    } else if (code === 0x5d || code === 0x7d) level -= 1;
    else if (code === colon) keys += 1;
    else if (code === comma && level === 1 && itemLevel === 1) {
      const itemBytes = at - itemAt - spare;
      if (itemBytes > largest.bytes) largest = { index: items - 1, at: itemAt, bytes: itemBytes };
      items += 1;
      if (items > itemsMax) break;
      itemAt = at + 1;
      spare = 0;
    } else if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) spare += 1;
  }
  const lastBytes = length - itemAt - spare;
  if (lastBytes > largest.bytes) largest = { index: items - 1, at: itemAt, bytes: lastBytes };
  return { depth, containers, keys, items, largest };
}
