/**
 * When an EventTemplate's event was due and how late it was sent, read from the bytes it arrived in without parsing
 * them.
 */
const dueMark = Buffer.from('"at":"');
const dueDigits = 16;
const lateBehindDue = '0000000000000000","late":"'.length;
const lateDigits = 6;

/** What is behind the mark, in bytes from `from`; mostly where it was in the last frame. -1 if there is none. */
export function markAt(bytes: Buffer, from: number, to: number, mark: Buffer, last: number): number {
  if (last >= 0) {
    const start = from + last - mark.length;
    if (bytes.compare(mark, 0, mark.length, start, start + mark.length) === 0) return last;
  }
  const found = bytes.subarray(from, to).indexOf(mark);
  return found < 0 ? -1 : found + mark.length;
}

/** As `markAt`, of the place that `dueMicros` and `lateMicros` read. */
export function timesAt(bytes: Buffer, from: number, to: number, last: number): number {
  return markAt(bytes, from, to, dueMark, last);
}

export function dueMicros(bytes: Buffer, at: number): number {
  return decimalAt(bytes, at, dueDigits);
}

export function lateMicros(bytes: Buffer, at: number): number {
  return decimalAt(bytes, at + lateBehindDue, lateDigits);
}

function decimalAt(bytes: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let digit = at; digit < at + digits; digit += 1) value = value * 10 + bytes[digit]! - 48;
  return value;
}
