/**
 * Events that cannot be told from repeats without asking ClickHouse (I11): acknowledged, in the log without a seq, and
 * waiting here, oldest first, within a bound (I4).
 */
import { Failure } from '../base/errors.ts';
import type { TaggedRow } from '../event-log/row.ts';

/** A row whose `seq` is the number of its parked record; its times are those of its parking. */
export type ParkedRow = TaggedRow;

export interface ParkedBounds {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

/** Of what a row takes in memory beside its text. */
const fixedBytes = 400;

export class ParkedEvents {
  readonly #bounds: ParkedBounds;
  readonly #hold: (from: number) => void;
  /** By number, which rise. */
  readonly #rows = new Map<number, ParkedRow>();
  readonly #numbers = new Map<string, number>();
  #bytes = 0;
  #durable = 0;
  #whenDurable: (() => void) | null = null;

  /** `hold` is told the number from which on parked records are still wanted; Infinity for none. */
  constructor(bounds: ParkedBounds, hold: (from: number) => void = () => undefined) {
    this.#bounds = bounds;
    this.#hold = hold;
  }

  get size(): number {
    return this.#rows.size;
  }
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The number under which an event with this id waits, whose repeat is at hand; null if none does. Under another label
   * it is none: which of the two has the id, ClickHouse tells.
   */
  numberOf(id: string, tag = 0): number | null {
    const number = this.size === 0 ? undefined : this.#numbers.get(id);
    if (number === undefined) return null;
    return tag === 0 || this.#rows.get(number)?.tag === tag ? number : null;
  }

  /** Why one more with a text of so many characters cannot be taken now. */
  refusal(characters: number): Failure | null {
    const { eventsMax, bytesMax } = this.#bounds;
    if (this.size < eventsMax && this.#bytes + characters + fixedBytes <= bytesMax) return null;
    return new Failure('tooManyParked', 'Too many old events wait to be looked up in ClickHouse; send again later.');
  }

  /** Numbers must rise. Beyond the bounds, too: what the log holds after a start must be here. */
  add(row: ParkedRow): void {
    this.#rows.set(row.seq, row);
    if (!this.#numbers.has(row.id)) this.#numbers.set(row.id, row.seq);
    this.#bytes += bytesOf(row);
    if (this.size === 1) this.#tellHold();
  }

  /** Forgets those above a number, for their records are not going to be written; says how many. */
  rollBack(above: number): number {
    const gone = [...this.#rows.keys()].filter((number) => number > above);
    for (const number of gone) this.#drop(number);
    if (gone.length > 0) this.#tellHold();
    return gone.length;
  }

  /** All up to this number are durable, and may be looked up. */
  confirm(upTo: number): void {
    this.#durable = Math.max(this.#durable, upTo);
    if (this.#oldestDurable() === undefined) return;
    this.#whenDurable?.();
    this.#whenDurable = null;
  }

  /** Resolves when there is a durable one. One caller at a time. */
  async someDurable(): Promise<void> {
    if (this.#oldestDurable() !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#whenDurable = resolve;
    });
  }

  /** The oldest that are durable, up to so many. */
  oldest(eventsMax: number): ParkedRow[] {
    const rows: ParkedRow[] = [];
    for (const row of this.#rows.values()) {
      if (rows.length === eventsMax || row.seq > this.#durable) break;
      rows.push(row);
    }
    return rows;
  }

  /** They are settled, durably so. */
  remove(rows: readonly ParkedRow[]): void {
    for (const { seq } of rows) this.#drop(seq);
    this.#tellHold();
  }

  #oldestDurable(): ParkedRow | undefined {
    return this.oldest(1)[0];
  }

  #drop(number: number): void {
    const row = this.#rows.get(number);
    if (row === undefined) return;
    this.#rows.delete(number);
    if (this.#numbers.get(row.id) === number) this.#numbers.delete(row.id);
    this.#bytes -= bytesOf(row);
  }

  #tellHold(): void {
    const [oldest] = this.#rows.keys();
    this.#hold(oldest ?? Number.POSITIVE_INFINITY);
  }
}

function bytesOf({ search, raw }: ParkedRow): number {
  return search.length + raw.length + fixedBytes;
}
