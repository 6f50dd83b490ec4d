/**
 * Strings, sixteen bytes a step: canonical as JSON.stringify writes them, and folded for searching.
 */
import { at, byte, endPiece, lowered, out, raw } from './progress';
import { beyondAscii } from './beyond-ascii';
import { escape } from './escape';

/**
 * What is left of a string whose opening quote was taken and written, and its closing quote. False if it is none. What
 * is searched is written behind the search text, too.
 */
export function text(isSearched: bool): bool {
  while (true) {
    const bytes = v128.load(at);
    v128.store(raw, bytes);
    if (isSearched) v128.store(out, lowered(bytes));
    // As signed numbers, what is beyond ASCII is below the control characters.
    const stops = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      i8x16.lt_s(bytes, i8x16.splat(0x20)),
    );
    const mask = i8x16.bitmask(stops);
    const passed = mask == 0 ? 16 : ctz(mask);
    at += passed;
    raw += passed;
    if (isSearched) out += passed;
    if (mask == 0) continue;
    const code = byte(at);
    if (code == 0x22) {
      at += 1;
      raw += 1;
      if (isSearched) endPiece();
      return true;
    }
    if (code < 0x20) return false;
    if (code != 0x5c) beyondAscii(isSearched);
    else if (!escape(isSearched)) return false;
  }
}
