/**
 * Looks at a lease of a gateway twice a second, one look after the other: takes it where it may, renews it, and gives
 * it up in the end.
 */
import { endsWithin } from '../base/ends-within.ts';
import { type Lease, LeaseLost } from '../base/lease.ts';
import type { Log } from '../base/log.ts';

export interface LeaseTurnsParts<State> {
  /** Whether it may be taken, if nobody has it. Called when it is known what the key has. */
  readonly mayTake: () => boolean;
  /** Ends what was begun under an earlier lease; null where there is nothing. Called while it is not held. */
  readonly lost: () => Promise<void> | null;
  /** What is to be done at each look, held or not. */
  readonly turned: (lease: Lease<State>) => Promise<void>;
  /** For the log: what this gateway does once it has it, what did not answer, and that another one has it. */
  readonly says: { readonly taken: string; readonly deaf: string; readonly lost: string };
  readonly elapsedMs: () => number;
  readonly log: Log;
}

const turnMs = 500;
const renewMs = 3_000;
const giveUpMs = 1_000;

export class LeaseTurns<State> {
  readonly #parts: LeaseTurnsParts<State>;
  #lease: Lease<State> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #turning: Promise<void> | null = null;
  #turnedAt = 0;
  #renewedAt = 0;
  #isAnswered = true;

  constructor(parts: LeaseTurnsParts<State>) {
    this.#parts = parts;
  }

  /** The key is there. */
  begin(lease: Lease<State>): void {
    this.#lease = lease;
    this.#timer = setInterval(() => this.#turn(), turnMs);
    this.#turn();
  }

  /** Null before it is there. */
  get lease(): Lease<State> | null {
    return this.#lease;
  }
  get isHeld(): boolean {
    return this.#lease?.isHeld === true;
  }
  /** False before it is begun, and from when it is to stop. */
  get isRunning(): boolean {
    return this.#timer !== null;
  }
  /** For so long the look under way has lasted; 0 for none. */
  get lookingMs(): number {
    return this.#turning === null ? 0 : this.#parts.elapsedMs() - this.#turnedAt;
  }

  /** No look begins from then on; waits for the one under way: it may be about to take the lease. */
  async stop(graceMs: number): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#turning !== null) await endsWithin(Math.max(graceMs, giveUpMs), this.#turning);
  }

  /** Who cannot leaves the lease to run out. */
  async giveUp(): Promise<void> {
    if (this.#lease?.isHeld !== true) return;
    const given = this.#lease.giveUp().catch(() => undefined);
    await endsWithin(giveUpMs, given);
  }

  #turn(): void {
    if (this.#turning !== null) return;
    this.#turnedAt = this.#parts.elapsedMs();
    this.#turning = this.#look()
      .then(() => {
        this.#isAnswered = true;
      })
      .catch((error: unknown) => this.#noteFailure(error))
      .finally(() => {
        this.#turning = null;
      });
  }

  #noteFailure(error: unknown): void {
    const { says, log } = this.#parts;
    if (error instanceof LeaseLost) {
      this.#isAnswered = true;
      log.info(says.lost);
      return;
    }
    if (this.#isAnswered) log.warn({ err: error }, says.deaf);
    this.#isAnswered = false;
  }

  async #look(): Promise<void> {
    const lease = this.#lease;
    if (lease === null || !this.isRunning) return;
    const { mayTake, lost, turned, says, elapsedMs, log } = this.#parts;
    if (!lease.isHeld) {
      const ending = lost();
      if (ending !== null) await ending;
      if (await lease.look(mayTake)) log.info({ term: lease.term }, says.taken);
      this.#renewedAt = elapsedMs();
    }
    // Stopped meanwhile: the answer of the key came later than the stop waited for.
    if (!this.isRunning) return await this.giveUp();
    if (lease.isHeld && elapsedMs() - this.#renewedAt >= renewMs) {
      this.#renewedAt = elapsedMs();
      await lease.renew();
    }
    await turned(lease);
  }
}
