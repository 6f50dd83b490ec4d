/**
 * Whole seconds since 1970 of a time's text, without a Date: this runs for every event.
 */

/**
 * The text is `YYYY-MM-DD hh:mm:ss…`, with any character between date and time. What follows the seconds is cut off.
 * Exact for the years 0001 to 9999.
 */
export function wholeSeconds(text: string): number {
  const year = number(text, 0) * 100 + number(text, 2);
  const month = number(text, 5);
  const seconds = number(text, 11) * 3600 + number(text, 14) * 60 + number(text, 17);
  return daysBefore(year, month, number(text, 8)) * 86_400 + seconds;
}

function number(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 0x30 * 11;
}

const daysOfFourCenturies = 146_097;
/** From the first of March of the year 0 to 1970. */
const daysToEpoch = 719_468;

/** Years are counted from March here, so that the leap day comes last. */
function daysBefore(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const century = Math.floor(shifted / 400);
  const ofCentury = shifted - century * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const days = ofCentury * 365 + Math.floor(ofCentury / 4) - Math.floor(ofCentury / 100) + ofYear;
  return century * daysOfFourCenturies + days - daysToEpoch;
}
