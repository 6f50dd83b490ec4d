/**
 * What the records say of parked events: those that no later record settles wait on after a start (I11).
 */
import { splitRow, type TaggedRow } from '../event-log/row.ts';
import { isParkedFromPrefect, isParkedKind, tagBefore, tagBytesOf } from './record-kinds.ts';

const tabByte = 9;

/** The number at the start of a parked record's row, or that a settling record consists of. */
export function parkedNumber(payload: Buffer): number {
  const end = payload.indexOf(tabByte);
  return Number(payload.toString('latin1', 0, end < 0 ? payload.length : end));
}

export class ParkedRecords {
  readonly #open = new Map<number, { readonly row: Buffer; readonly tag: number; readonly kind: number }>();
  #newest = 0;

  /** The highest number of all; 0 if there is none. */
  get newest(): number {
    return this.#newest;
  }

  /** Takes the payload of a parked or a settling record, in the order of the log; gives its number. */
  take(kind: number, payload: Buffer): number {
    const number = parkedNumber(payload);
    this.#newest = Math.max(this.#newest, number);
    if (isParkedKind(kind)) {
      const row = Buffer.from(payload.subarray(0, payload.length - tagBytesOf(kind)));
      this.#open.set(number, { row, tag: tagBefore(kind, payload, payload.length), kind });
    } else this.#open.delete(number);
    return number;
  }

  /**
   * Those that wait, in the order of their numbers, each as a row with its number for a seq; they are forgotten here.
   */
  takeRows(): TaggedRow[] {
    const rows = [...this.#open.values()].map(({ row, tag, kind }) => ({
      ...splitRow(row.toString('utf8')),
      tag,
      ...(isParkedFromPrefect(kind) && { isFromPrefect: true as const }),
    }));
    this.#open.clear();
    return rows;
  }
}
