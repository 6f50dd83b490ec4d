/**
 * Which places of another order were reached when the log had reached a seq, so that they can be let go once ClickHouse
 * has all up to there. Bounded: of too many, every second one is dropped, and less is let go at a time.
 */
const notesMax = 4_096;

export class Positions {
  #notes: { readonly place: number; readonly seq: number }[] = [];

  /** Both rise, or stay. */
  note(place: number, seq: number): void {
    if (this.#notes.length >= notesMax) this.#notes = this.#notes.filter((_, nth) => nth % 2 === 1);
    this.#notes.push({ place, seq });
  }

  /**
   * The newest place that was reached when the log was no further than this seq; null for none. Forgets what is older.
   */
  upTo(seq: number): number | null {
    const behind = this.#notes.findIndex((note) => note.seq > seq);
    const count = behind < 0 ? this.#notes.length : behind;
    const found = this.#notes[count - 1];
    if (found === undefined) return null;
    this.#notes = this.#notes.slice(count - 1);
    return found.place;
  }
}
