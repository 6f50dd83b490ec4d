/**
 * Times: a date and a time of day with seconds, with any fraction and any offset, as they nearly always come. Other
 * forms are read by `parseTime` (src/filter/time.ts), which has these rules, too.
 */
import { at, byte, isDigit, next, raw } from './progress';
import { number } from './scalar';
import { text } from './text';
import { timeBytesResult, timePlace } from './places';

/** Reads the JSON string or number between two places and writes a canonical time. Gives its length, 0 for no time. */
// @ts-ignore: AssemblyScript's own
@external('env', 'readTime')
declare function readTime(from: i32, to: i32, into: i32): i32;

const daysOfFourCenturies: i32 = 146097;
/** From the first of March of the year 0 to 1970. */
const daysToEpoch: i32 = 719468;
const daySeconds: i32 = 86400;
/** `YYYY-MM-DDThh:mm:ss`. */
const secondsBytes: i32 = 19;

/** Takes a time and writes it to `timePlace`. */
export function time(): bool {
  const isText = next() == 0x22;
  const from = at;
  if (isText) {
    at += 1;
    if (usualTime()) return true;
    at = from + 1;
  }
  const before = raw;
  if (!(isText ? text(false) : number())) return false;
  raw = before;
  const bytes = readTime(from, at, timePlace);
  store<i32>(timeBytesResult, bytes);
  return bytes != 0;
}

function usualTime(): bool {
  const from = at;
  const year = two(from) * 100 + two(from + 2);
  const month = two(from + 5);
  const day = two(from + 8);
  const hour = two(from + 11);
  const minute = two(from + 14);
  const second = two(from + 17);
  if (byte(from + 4) != 0x2d || byte(from + 7) != 0x2d || byte(from + 13) != 0x3a || byte(from + 16) != 0x3a)
    return false;
  const between = byte(from + 10);
  if (between != 0x54 && between != 0x20 && between != 0x74 && between != 0x5f) return false;
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
    return false;
  if (day > 28 && day > daysOfMonth(year, month)) return false;
  v128.store(timePlace, v128.load(from));
  v128.store(timePlace + 3, v128.load(from + 3));
  store<u8>(timePlace, 0x54, 10);
  at = from + secondsBytes;
  const end = fraction();
  if (end == 0) return false;
  const seconds = zone();
  if (seconds >= daySeconds || byte(at) != 0x22) return false;
  at += 1;
  if (seconds != 0 && !shift(year, month, day, hour * 3600 + minute * 60 + second - seconds)) return false;
  store<u8>(end, 0x5a);
  store<i32>(timeBytesResult, end + 1 - timePlace);
  return true;
}

/** Two digits as a number; more than any bound if they are none. */
// @ts-ignore: AssemblyScript's own
@inline
function two(place: i32): i32 {
  const tens = byte(place) - 0x30;
  const ones = byte(place + 1) - 0x30;
  return <u32>tens > 9 || <u32>ones > 9 ? 10000 : tens * 10 + ones;
}

/** Takes a fraction and writes six digits of it, unless they are zeros. Gives the place behind; 0 if it has none. */
function fraction(): i32 {
  const into = timePlace + secondsBytes;
  if (byte(at) != 0x2e && byte(at) != 0x2c) return into;
  const from = at + 1;
  store<u64>(into, 0x303030303030302e);
  let isZero = true;
  for (at = from; isDigit(byte(at)); at += 1) {
    if (at - from >= 6) continue;
    store<u8>(into + 1 + at - from, byte(at));
    isZero = isZero && byte(at) == 0x30;
  }
  if (at == from) return 0;
  return isZero ? into : into + 7;
}

/** Takes an offset from UTC, or none. Gives its seconds; a day or more if it is none. */
function zone(): i32 {
  const sign = byte(at);
  if (sign == 0x22) return 0;
  if (sign == 0x5a || sign == 0x7a) {
    at += 1;
    return 0;
  }
  if (sign != 0x2b && sign != 0x2d) return daySeconds;
  const hours = two(at + 1);
  at += 3;
  let minutes = 0;
  if (byte(at) != 0x22) {
    if (byte(at) == 0x3a) at += 1;
    minutes = two(at);
    at += 2;
  }
  const seconds = (hours * 60 + minutes) * 60;
  return sign == 0x2d && seconds < daySeconds ? -seconds : seconds;
}

/** Writes the time of a day's second that may lie on another day; false if it leaves the years 1 to 9999. */
function shift(year: i32, month: i32, day: i32, second: i32): bool {
  let days = daysBefore(year, month, day);
  if (second < 0) {
    days -= 1;
    second += daySeconds;
  } else if (second >= daySeconds) {
    days += 1;
    second -= daySeconds;
  }
  if (!writeDate(days)) return false;
  writeTwo(timePlace + 11, second / 3600);
  writeTwo(timePlace + 14, (second / 60) % 60);
  writeTwo(timePlace + 17, second % 60);
  return true;
}

/** From the first of March of the year 0; years are counted from March here, so that the leap day comes last. */
function daysBefore(year: i32, month: i32, day: i32): i32 {
  const shifted = month > 2 ? year : year - 1;
  const ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + ofYear;
}

function writeDate(days: i32): bool {
  const century = days / daysOfFourCenturies;
  const ofCentury = days - century * daysOfFourCenturies;
  const yearOfCentury = (ofCentury - ofCentury / 1460 + ofCentury / 36524 - ofCentury / 146096) / 365;
  const ofYear = ofCentury - (365 * yearOfCentury + yearOfCentury / 4 - yearOfCentury / 100);
  const shifted = (5 * ofYear + 2) / 153;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = century * 400 + yearOfCentury + (month <= 2 ? 1 : 0);
  if (year < 1 || year > 9999) return false;
  writeTwo(timePlace, year / 100);
  writeTwo(timePlace + 2, year % 100);
  writeTwo(timePlace + 5, month);
  writeTwo(timePlace + 8, ofYear - (153 * shifted + 2) / 5 + 1);
  return true;
}

function writeTwo(into: i32, number: i32): void {
  store<u8>(into, 0x30 + number / 10);
  store<u8>(into, 0x30 + (number % 10), 1);
}

function daysOfMonth(year: i32, month: i32): i32 {
  if (month != 2) return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
}

/** Whole seconds since 1970 of the time at `timePlace`. */
export function secondsOfTime(): f64 {
  const days = daysBefore(two(timePlace) * 100 + two(timePlace + 2), two(timePlace + 5), two(timePlace + 8));
  const second = two(timePlace + 11) * 3600 + two(timePlace + 14) * 60 + two(timePlace + 17);
  return <f64>(days - daysToEpoch) * <f64>daySeconds + <f64>second;
}

/** Writes the time as the row has it, `YYYY-MM-DD hh:mm:ss.ffffff`; gives the place behind it. */
export function putColumn(into: i32): i32 {
  const bytes = load<i32>(timeBytesResult);
  v128.store(into, v128.load(timePlace));
  v128.store(into + 16, v128.load(timePlace + 16));
  store<u8>(into, 0x20, 10);
  if (bytes < 27) {
    store<u64>(into + secondsBytes, 0x303030303030302e);
  }
  return into + 26;
}
