/**
 * The ids of recent events, in the order of their seq, so that a repeat is seen (I11): always every id above the checkpoint,
 * and more up to the bound. A ring of ids and an open-addressed index into it: about 32 bytes an id, one probe a look.
 * Ids go in provisionally, when their records are appended, and are rolled back if the write fails.
 */
import { randomInt } from 'node:crypto';

export interface IdWindowOptions {
  /** Ids kept beyond what must be kept. */
  readonly idsMax: number;
  /** Ids with a seq above this one are never let go; the window grows instead. */
  readonly checkpoint: () => number;
  /** The first seq whose id, and those of all later ones, will be added: the oldest that the journal has. */
  readonly completeSince: number;
}

export class IdWindow {
  readonly #checkpoint: () => number;
  #capacity: number;
  /** By place in the ring: four words an id, and its seq. */
  #ids: Uint32Array;
  #seqs: Float64Array;
  /** Place in the ring + 1, or 0; twice as many slots as places, or more. */
  #slots: Uint32Array;
  #oldest = 0;
  #size = 0;
  #completeSince: number;
  /** Differs by process, so that nobody can choose ids that meet in one slot. */
  readonly #salt = randomInt(2 ** 32);
  readonly #words = new Uint32Array(4);

  constructor({ idsMax, checkpoint, completeSince }: IdWindowOptions) {
    this.#checkpoint = checkpoint;
    this.#completeSince = completeSince;
    this.#capacity = Math.max(1, idsMax);
    this.#ids = new Uint32Array(this.#capacity * 4);
    this.#seqs = new Float64Array(this.#capacity);
    this.#slots = new Uint32Array(slotsFor(this.#capacity));
  }

  get size(): number {
    return this.#size;
  }

  /** Every id accepted at this seq or later is here; of an older event only the store knows. */
  get completeSince(): number {
    return this.#completeSince;
  }

  /** The seq of the event with this id (lower case with dashes), on which an answer to its repeat relies; null if it is not known. */
  seqOf(id: string): number | null {
    const slot = this.#find(id);
    const place = this.#slots[slot] ?? 0;
    return place === 0 ? null : (this.#seqs[place - 1] ?? null);
  }

  /** Takes the id of a record that was just appended: seqs must rise. Of an id that is known the first seq stays. */
  add(id: string, seq: number): void {
    if (this.#size === this.#capacity) this.#makeRoom();
    const slot = this.#find(id);
    if (this.#slots[slot] !== 0) return;
    const place = (this.#oldest + this.#size) % this.#capacity;
    for (let word = 0; word < 4; word += 1) this.#ids[place * 4 + word] = this.#words[word] ?? 0;
    this.#seqs[place] = seq;
    this.#slots[slot] = place + 1;
    this.#size += 1;
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

  #makeRoom(): void {
    const seq = this.#seqs[this.#oldest] ?? 0;
    if (seq > this.#checkpoint()) {
      this.#grow();
      return;
    }
    this.#free(this.#oldest);
    this.#oldest = (this.#oldest + 1) % this.#capacity;
    this.#size -= 1;
    this.#completeSince = seq + 1;
  }

  #grow(): void {
    const ids = new Uint32Array(this.#capacity * 8);
    const seqs = new Float64Array(this.#capacity * 2);
    const wrapped = this.#capacity - this.#oldest;
    ids.set(this.#ids.subarray(this.#oldest * 4));
    ids.set(this.#ids.subarray(0, this.#oldest * 4), wrapped * 4);
    seqs.set(this.#seqs.subarray(this.#oldest));
    seqs.set(this.#seqs.subarray(0, this.#oldest), wrapped);
    this.#ids = ids;
    this.#seqs = seqs;
    this.#capacity *= 2;
    this.#oldest = 0;
    this.#slots = new Uint32Array(slotsFor(this.#capacity));
    const mask = this.#slots.length - 1;
    for (let place = 0; place < this.#size; place += 1) {
      let slot = this.#home(this.#ids, place * 4);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = place + 1;
    }
  }

  /** The slot that holds the id, or the empty one where it belongs; leaves its words in `#words`. */
  #find(id: string): number {
    readWords(id, this.#words);
    const [first, second, third, fourth] = this.#words;
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

/** Where the 32 digits stand in `01234567-9abc-…`: the start of each run of four. */
const runs = [0, 4, 9, 14, 19, 24, 28, 32] as const;

function readWords(id: string, words: Uint32Array): void {
  for (let word = 0; word < 4; word += 1) {
    words[word] = (readFour(id, runs[word * 2] ?? 0) << 16) | readFour(id, runs[word * 2 + 1] ?? 0);
  }
}

function readFour(id: string, from: number): number {
  let value = 0;
  for (let at = from; at < from + 4; at += 1) {
    const code = id.charCodeAt(at);
    value = (value << 4) | (code <= 0x39 ? code - 0x30 : code - 0x57);
  }
  return value;
}
