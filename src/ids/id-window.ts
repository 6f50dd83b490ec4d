/**
 * The ids of recent events, in the order of their seq, so that a repeat is seen (I11): always every id above the
 * checkpoint, and more up to the bound. A ring of ids and an open-addressed index into it: about 45 bytes an id, one
 * probe a look. Where the checkpoint lags behind the bound it grows, and comes back with the events that follow
 * (decision 006). Ids go in provisionally, when their records are appended, and are rolled back if the write fails.
 */
import { randomInt } from 'node:crypto';
import { aheadMinuteOf, type ForgottenIds } from './forgotten-ids.ts';
import { readWords } from './id-words.ts';

export interface IdWindowOptions {
  /** Ids kept beyond what must be kept. */
  readonly idsMax: number;
  /** Ids with a seq above this one are never let go; the window grows instead. */
  readonly checkpoint: () => number;
  /** Is told of each id that is let go. */
  readonly forgotten: Pick<ForgottenIds, 'forget' | 'mayHold'>;
}

/** An id's place in the log, and what is remembered of it when it is let go. */
export interface KnownId {
  /** Four of them from `at` on are the id. */
  readonly words: Uint32Array;
  readonly at: number;
  readonly seq: number;
  /** Whole seconds since 1970. */
  readonly received: number;
  /** See ForgottenIds. */
  readonly aheadMinute: number;
  /** As in TaggedRow. */
  readonly tag: number;
}

/**
 * For each id that comes while there are too many: an outage's ids leave within a third of as many events, and no
 * single one pays for it.
 */
const letGoMax = 4;

export class IdWindow {
  readonly #idsMax: number;
  readonly #checkpoint: () => number;
  #capacity: number;
  /** By place in the ring: four words an id, its seq, time of receipt, minute if it occurred later, and tag. */
  #ids: Uint32Array;
  #seqs: Float64Array;
  #received: Uint32Array;
  #aheadMinutes: Uint32Array;
  #tags: Uint32Array;
  /** Whether any id ever came with a tag: if not, nobody needs to ask for one. */
  hasTags = false;
  /** Place in the ring + 1, or 0; twice as many slots as places, or more. */
  #slots: Uint32Array;
  #oldest = 0;
  #size = 0;
  readonly #forgotten: IdWindowOptions['forgotten'];
  /** Differs by process, so that nobody can choose ids that meet in one slot. */
  readonly #salt = randomInt(2 ** 32);
  readonly #words = new Uint32Array(4);
  /** The id that `#words` holds: an event's id is first looked up and then added. */
  #wordsOf = '';

  constructor({ idsMax, checkpoint, forgotten }: IdWindowOptions) {
    this.#checkpoint = checkpoint;
    this.#forgotten = forgotten;
    this.#idsMax = Math.max(1, idsMax);
    this.#capacity = this.#idsMax;
    this.#ids = new Uint32Array(this.#capacity * 4);
    this.#seqs = new Float64Array(this.#capacity);
    this.#received = new Uint32Array(this.#capacity);
    this.#aheadMinutes = new Uint32Array(this.#capacity);
    this.#tags = new Uint32Array(this.#capacity);
    this.#slots = new Uint32Array(slotsFor(this.#capacity));
  }

  get size(): number {
    return this.#size;
  }

  /** So many ids have memory. */
  get capacity(): number {
    return this.#capacity;
  }

  /**
   * Whether an event that occurred in this second (since 1970), and whose id is not here, may have been here once: then
   * only the store knows.
   */
  mayHaveHeld(occurred: number): boolean {
    return this.#forgotten.mayHold(occurred);
  }

  /**
   * The seq of the event with this id (lower case with dashes), on which an answer to its repeat relies; null if it is
   * not known.
   */
  seqOf(id: string): number | null {
    this.#read(id);
    const place = this.#slots[this.#find()] ?? 0;
    return place === 0 ? null : (this.#seqs[place - 1] ?? null);
  }

  /** Of the event with this id; 0 if it has none, or is not known. */
  tagOf(id: string): number {
    this.#read(id);
    const place = this.#slots[this.#find()] ?? 0;
    return place === 0 ? 0 : (this.#tags[place - 1] ?? 0);
  }

  /**
   * Takes the id of a record that was just appended: seqs must rise. Of an id that is known the first seq stays.
   * `received` and `occurred` in whole seconds since 1970.
   */
  add(id: string, seq: number, received: number, occurred: number, tag = 0): void {
    this.#read(id);
    this.#add(seq, received, aheadMinuteOf(occurred, received), tag);
  }

  /** As `add`, of an id that `visit` gave earlier. */
  addKnown({ words, at, seq, received, aheadMinute, tag }: KnownId): void {
    this.#words.set(words.subarray(at, at + 4));
    this.#wordsOf = '';
    this.#add(seq, received, aheadMinute, tag);
  }

  /**
   * Visits what was added with a seq above `after` and up to `upTo`, in that order. The words are only valid during the
   * call.
   */
  visit(after: number, upTo: number, visit: (known: KnownId) => void): void {
    for (let nth = this.#countUpTo(after); nth < this.#size; nth += 1) {
      const place = (this.#oldest + nth) % this.#capacity;
      const seq = this.#seqs[place] ?? 0;
      if (seq > upTo) return;
      visit({
        words: this.#ids,
        at: place * 4,
        seq,
        received: this.#received[place] ?? 0,
        aheadMinute: this.#aheadMinutes[place] ?? 0,
        tag: this.#tags[place] ?? 0,
      });
    }
  }

  /** The seq of the oldest id that is here; null if there is none. */
  get oldestSeq(): number | null {
    return this.#size === 0 ? null : (this.#seqs[this.#oldest] ?? null);
  }

  /** Lets go the oldest ids that were received before this second, as far as the checkpoint allows. */
  letGoReceivedBefore(second: number): void {
    const checkpoint = this.#checkpoint();
    const isDue = () => (this.#received[this.#oldest] ?? 0) < second && (this.#seqs[this.#oldest] ?? 0) <= checkpoint;
    while (this.#size > 0 && isDue()) this.#letGo();
  }

  /** Forgets all ids above a seq: their records are not going to be written. */
  rollBack(seq: number): void {
    while (this.#size > 0) {
      const place = (this.#oldest + this.#size - 1) % this.#capacity;
      if ((this.#seqs[place] ?? 0) <= seq) return;
      this.#free(place);
      this.#size -= 1;
    }
  }

  #read(id: string): void {
    if (id === this.#wordsOf) return;
    readWords(id, this.#words);
    this.#wordsOf = id;
  }

  #add(seq: number, received: number, aheadMinute: number, tag: number): void {
    if (this.#size >= this.#idsMax) this.#makeRoom();
    const slot = this.#find();
    if (this.#slots[slot] !== 0) return;
    const place = (this.#oldest + this.#size) % this.#capacity;
    for (let word = 0; word < 4; word += 1) this.#ids[place * 4 + word] = this.#words[word] ?? 0;
    this.#seqs[place] = seq;
    this.#received[place] = received;
    // Nearly all are 0, and memory that was never written to is none.
    if (this.#aheadMinutes[place] !== aheadMinute) this.#aheadMinutes[place] = aheadMinute;
    if (tag !== 0) this.hasTags = true;
    if (this.hasTags) this.#tags[place] = tag;
    this.#slots[slot] = place + 1;
    this.#size += 1;
  }

  /** How many of the oldest have a seq up to this one. */
  #countUpTo(seq: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#seqs[(this.#oldest + middle) % this.#capacity] ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #makeRoom(): void {
    const checkpoint = this.#checkpoint();
    for (let count = 0; count < letGoMax && this.#size >= this.#idsMax; count += 1) {
      if ((this.#seqs[this.#oldest] ?? 0) > checkpoint) break;
      this.#letGo();
    }
    if (this.#size === this.#capacity) this.#resize(this.#capacity * 2);
    else if (this.#capacity > this.#idsMax && this.#isBack(checkpoint)) this.#resize(this.#idsMax);
  }

  /** The oldest. */
  #letGo(): void {
    this.#forgotten.forget(this.#received[this.#oldest] ?? 0, this.#aheadMinutes[this.#oldest] ?? 0);
    this.#free(this.#oldest);
    this.#oldest = (this.#oldest + 1) % this.#capacity;
    this.#size -= 1;
  }

  /**
   * Whether the ids have room at the bound, and half of it must come before it could grow again: so each id pays for
   * few moves, however the checkpoint lags.
   */
  #isBack(checkpoint: number): boolean {
    const newest = this.#seqs[(this.#oldest + this.#size - 1 + this.#capacity) % this.#capacity] ?? 0;
    return this.#size < this.#idsMax && newest - checkpoint < this.#idsMax / 2;
  }

  /** Moves all ids into arrays of another size. A million take a fraction of a second. */
  #resize(capacity: number): void {
    this.#ids = this.#unrolled(this.#ids, new Uint32Array(capacity * 4), 4);
    this.#seqs = this.#unrolled(this.#seqs, new Float64Array(capacity), 1);
    this.#received = this.#unrolled(this.#received, new Uint32Array(capacity), 1);
    this.#aheadMinutes = this.#unrolled(this.#aheadMinutes, new Uint32Array(capacity), 1);
    this.#tags = this.#unrolled(this.#tags, new Uint32Array(capacity), 1);
    this.#capacity = capacity;
    this.#oldest = 0;
    this.#slots = new Uint32Array(slotsFor(capacity));
    const mask = this.#slots.length - 1;
    for (let place = 0; place < this.#size; place += 1) {
      let slot = this.#home(this.#ids, place * 4);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = place + 1;
    }
  }

  /** What the ring holds, `per` items a place, from its oldest on. */
  #unrolled<Items extends Uint32Array | Float64Array>(from: Items, into: Items, per: number): Items {
    const untilEnd = Math.min(this.#size, this.#capacity - this.#oldest);
    into.set(from.subarray(this.#oldest * per, (this.#oldest + untilEnd) * per));
    into.set(from.subarray(0, (this.#size - untilEnd) * per), untilEnd * per);
    return into;
  }

  /** The slot that holds the id in `#words`, or the empty one where it belongs. */
  #find(): number {
    const first = this.#words[0];
    const second = this.#words[1];
    const third = this.#words[2];
    const fourth = this.#words[3];
    const mask = this.#slots.length - 1;
    for (let slot = this.#home(this.#words, 0); ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] ?? 0;
      if (place === 0) return slot;
      const at = (place - 1) * 4;
      const ids = this.#ids;
      if (ids[at] === first && ids[at + 1] === second && ids[at + 2] === third && ids[at + 3] === fourth) return slot;
    }
  }

  /** Empties the slot of a place, and moves up what had to give way to it, so that no look ends too early. */
  #free(place: number): void {
    const mask = this.#slots.length - 1;
    let hole = this.#home(this.#ids, place * 4);
    while (this.#slots[hole] !== place + 1) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const moved = this.#slots[slot] ?? 0;
      const home = this.#home(this.#ids, (moved - 1) * 4);
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.#slots[hole] = moved;
      hole = slot;
    }
    this.#slots[hole] = 0;
  }

  #home(words: Uint32Array, at: number): number {
    let hash = this.#salt;
    for (let word = at; word < at + 4; word += 1) {
      hash = Math.imul(hash ^ (words[word] ?? 0), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash & (this.#slots.length - 1);
  }
}

/** A power of two, at most half full. */
function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity * 2));
}
