/**
 * Numbers of any length and the three words: they stay as they were sent.
 */
import { at, begins, byte, copy, endPiece, isDigit, lowered, out, raw } from './progress';

/** Takes a number or a word, written to the canonical and to the search text; false if there is none. */
export function scalar(): bool {
  const from = at;
  if (!word() && !number()) return false;
  for (let step = from; step < at; step += 16) v128.store(out + step - from, lowered(v128.load(step)));
  out += at - from;
  endPiece();
  raw = copy(from, at, raw);
  return true;
}

function word(): bool {
  if (begins(at, 'true') || begins(at, 'null')) at += 4;
  else if (begins(at, 'false')) at += 5;
  else return false;
  return true;
}

/** As JSON has it: `-0.5e+3`. Takes it, and writes nothing. */
export function number(): bool {
  if (byte(at) == 0x2d) at += 1;
  if (byte(at) == 0x30) at += 1;
  else if (!digits()) return false;
  if (byte(at) == 0x2e) {
    at += 1;
    if (!digits()) return false;
  }
  if ((byte(at) | 0x20) != 0x65) return true;
  at += 1;
  if (byte(at) == 0x2b || byte(at) == 0x2d) at += 1;
  return digits();
}

function digits(): bool {
  const from = at;
  while (isDigit(byte(at))) at += 1;
  return at > from;
}
