/**
 * An id as four words of 32 bits, from its text in lower case with dashes.
 */

/** Where the 32 digits stand in `01234567-9abc-…`: the start of each run of four. */
const runs = [0, 4, 9, 14, 19, 24, 28, 32] as const;

/** Into the first four of `words`. */
export function readWords(id: string, words: Uint32Array): void {
  for (let word = 0; word < 4; word += 1) {
    words[word] = (readFour(id, runs[word * 2] ?? 0) << 16) | readFour(id, runs[word * 2 + 1] ?? 0);
  }
}

function readFour(id: string, from: number): number {
  let value = 0;
  for (let at = from; at < from + 4; at += 1) {
    const code = id.charCodeAt(at);
    value = (value << 4) | (code <= 0x39 ? code - 0x30 : code - 0x57);
  }
  return value;
}
