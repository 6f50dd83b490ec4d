/**
 * A text of an event that is sent again as another event: with another id and the minute of now, at the places where
 * the text has them. All else stays as its writer wrote it.
 */
export interface FreshText {
  readonly bytes: Buffer;
  readonly idAt: number;
  readonly timeAt: number;
  /** The time is a number of seconds since 1970, not a text. */
  readonly isSeconds: boolean;
}

const idBytes = 36;

/** Throws if the text has no id of 36 characters, or no time. */
export function freshText(bytes: Buffer): FreshText {
  const text = bytes.toString('latin1');
  const { id, occurred } = JSON.parse(text) as { id: string; occurred: string | number }; // an event of ours
  const time = /"occurred"\s*:\s*"?/.exec(text);
  const idAt = text.indexOf(id);
  if (id.length !== idBytes || idAt < 0 || time === null) throw new Error(`No id and time in ${text.slice(0, 200)}`);
  return { bytes, idAt, timeAt: time.index + time[0].length, isSeconds: typeof occurred === 'number' };
}

/** Writes the event of this number; `idPrefix` is the first 24 characters of its id. */
export function writeFresh(into: Buffer, at: number, text: FreshText, idPrefix: string, number: number): void {
  text.bytes.copy(into, at);
  into.write(idPrefix + number.toString(16).padStart(idBytes - idPrefix.length, '0'), at + text.idAt, 'latin1');
  const now = Date.now();
  const time = text.isSeconds ? String(Math.floor(now / 1000)) : new Date(now).toISOString().slice(0, 16);
  into.write(time, at + text.timeAt, 'latin1');
}
