/**
 * What the records say of parked events: those that no later record settles wait on after a start (I11).
 */
import { type Row, splitRow } from '../event-log/row.ts';
import { recordKinds } from './record-kinds.ts';

const tabByte = 9;

/** The number at the start of a parked record's row, or that a settling record consists of. */
export function parkedNumber(payload: Buffer): number {
  const end = payload.indexOf(tabByte);
  return Number(payload.toString('latin1', 0, end < 0 ? payload.length : end));
}

export class ParkedRecords {
  readonly #open = new Map<number, Buffer>();
  #newest = 0;

  /** The highest number of all; 0 if there is none. */
  get newest(): number {
    return this.#newest;
  }

  /** Takes the payload of a parked or a settling record, in the order of the log; gives its number. */
  take(kind: number, payload: Buffer): number {
    const number = parkedNumber(payload);
    this.#newest = Math.max(this.#newest, number);
    if (kind === recordKinds.parked) this.#open.set(number, Buffer.from(payload));
    else this.#open.delete(number);
    return number;
  }

  /**
   * Those that wait, in the order of their numbers, each as a row with its number for a seq; they are forgotten here.
   */
  takeRows(): Row[] {
    const rows = [...this.#open.values()].map((payload) => splitRow(payload.toString('utf8')));
    this.#open.clear();
    return rows;
  }
}
