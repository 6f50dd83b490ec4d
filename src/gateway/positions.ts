/**
 * Which places of another order were reached when the log had reached a seq, so that they can be let go once ClickHouse
 * has all up to there. Bounded: of too many only every second one stays, and of those that follow no more than that.
 */
const notesMax = 4_096;

interface Note<Place> {
  readonly place: Place;
  readonly seq: number;
}

export class Positions<Place = number> {
  #notes: Note<Place>[] = [];
  /** So many are told before one more is kept: the last one is replaced until then. */
  #every = 1;
  #told = 0;

  /** Both rise, or stay. */
  note(place: Place, seq: number): void {
    if (this.#told < this.#every && this.#notes.length > 0) this.#notes.pop();
    else this.#told = 0;
    this.#told += 1;
    this.#notes.push({ place, seq });
    if (this.#notes.length < notesMax) return;
    this.#notes = this.#notes.filter((_, nth) => nth % 2 === 1);
    this.#every *= 2;
  }

  /**
   * The newest place that was reached when the log was no further than this seq; null for none. Forgets what is older.
   */
  upTo(seq: number): Place | null {
    const behind = this.#notes.findIndex((note) => note.seq > seq);
    const count = behind < 0 ? this.#notes.length : behind;
    const found = this.#notes[count - 1];
    if (found === undefined) return null;
    this.#notes = this.#notes.slice(count - 1);
    if (this.#notes.length === 1) this.#every = 1;
    return found.place;
  }
}
