/**
 * What all live counts may hold together (I4), in bytes of the heap, about; who finds no room for more is ended by
 * name.
 */
import { Failure } from '../base/errors.ts';

export class CountBudget {
  readonly #bytesMax: number;
  #heldBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Throws Failure `tooManyCountBytes`, and then takes nothing. */
  take(bytes: number): void {
    if (this.#heldBytes + bytes > this.#bytesMax) {
      throw new Failure(
        'tooManyCountBytes',
        `All live counts together hold ${this.#bytesMax} bytes; this one wants more`,
      );
    }
    this.#heldBytes += bytes;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}
