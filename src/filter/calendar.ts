/**
 * The date forms of ISO 8601 that Prefect reads: calendar, month, week and ordinal dates, basic and extended.
 */

export interface FormDate {
  /** `YYYY-MM-DD`, a real day of the years 0001 to 9999. */
  readonly text: string;
  /** Written without separators: its time is then written without `:`. */
  readonly isBasic: boolean;
}

/** The day that a date text names, or null. */
export function dateOfForm(text: string): FormDate | null {
  const day = calendarDay(text) ?? weekDay(text) ?? ordinalDay(text);
  return day === null || day < '0001' ? null : { text: day, isBasic: /^[\dW]+$/.test(text) };
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function calendarDay(text: string): string | null {
  const parts = /^(\d{4})([-/]?)(\d{2})\2(\d{2})$/.exec(text) ?? /^(\d{4})(-)(\d{2})$/.exec(text);
  if (parts === null) return null;
  const [, year = '', , month = '', day = '01'] = parts;
  const isReal =
    month >= '01' && month <= '12' && day >= '01' && Number(day) <= daysInMonth(Number(year), Number(month));
  return isReal ? `${year}-${month}-${day}` : null;
}

/** Week 1 is the week with the year's first Thursday; a week without a day is its Monday. */
function weekDay(text: string): string | null {
  const parts = /^(\d{4})(-?)W(\d{2})(?:\2([1-7]))?$/.exec(text);
  if (parts === null) return null;
  const [, year = '', , week = '', weekday = '1'] = parts;
  if (week < '01' || week > '53') return null;
  const fourth = new Date(`${year}-01-04T00:00:00Z`);
  const daysFromFourth = (Number(week) - 1) * 7 + Number(weekday) - ((fourth.getUTCDay() + 6) % 7) - 1;
  return dayAfter(fourth, daysFromFourth);
}

function ordinalDay(text: string): string | null {
  const parts = /^(\d{4})-?(\d{3})$/.exec(text);
  if (parts === null) return null;
  const [, year = '', ordinal = ''] = parts;
  const isReal = ordinal >= '001' && Number(ordinal) <= (isLeap(Number(year)) ? 366 : 365);
  return isReal ? dayAfter(new Date(`${year}-01-01T00:00:00Z`), Number(ordinal) - 1) : null;
}

const dayMs = 86_400_000;

function dayAfter(day: Date, days: number): string | null {
  const text = new Date(day.getTime() + days * dayMs).toISOString();
  return text.length === 24 ? text.slice(0, 10) : null;
}
