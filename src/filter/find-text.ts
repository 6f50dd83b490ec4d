/**
 * Finds one text in another in linear time, whatever the texts are. V8's own search may cost the product of both
 * lengths: that is so for a long needle that nearly fits everywhere.
 */

/**
 * Up to this length V8 searches by Boyer-Moore with whole tables, which is linear. For a longer needle it has tables of
 * the end alone.
 */
const nativeLengthMax = 250;

/** Gives the first place at or behind `from`, or -1. */
export type Find = (text: string, from: number) => number;

export function createFind(needle: string): Find {
  if (needle.length <= nativeLengthMax) return (text, from) => text.indexOf(needle, from);
  let borders: Int32Array | null = null;
  return (text, from) => {
    borders ??= bordersOf(needle);
    return findByBorders(needle, borders, text, from);
  };
}

export function holdsText(text: string, needle: string): boolean {
  return needle.length <= nativeLengthMax ? text.includes(needle) : createFind(needle)(text, 0) >= 0;
}

/** Knuth, Morris and Pratt: for each beginning of the needle, its longest end that is a beginning too. */
function bordersOf(needle: string): Int32Array {
  const borders = new Int32Array(needle.length);
  let length = 0;
  for (let at = 1; at < needle.length; at += 1) {
    const code = needle.charCodeAt(at);
    while (length > 0 && code !== needle.charCodeAt(length)) length = borders[length - 1]!;
    if (code === needle.charCodeAt(length)) length += 1;
    borders[at] = length;
  }
  return borders;
}

function findByBorders(needle: string, borders: Int32Array, text: string, from: number): number {
  let length = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    while (length > 0 && code !== needle.charCodeAt(length)) length = borders[length - 1]!;
    if (code === needle.charCodeAt(length)) length += 1;
    if (length === needle.length) return at + 1 - length;
  }
  return -1;
}
