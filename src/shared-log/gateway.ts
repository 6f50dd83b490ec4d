/**
 * What one gateway does with the messages of the shared log: applies them, commits what one turn of the event loop
 * brought, and only then tells the carrier, and whoever waits for the newest events, what is there.
 */
import { Failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { AppliedBlock } from './applier.ts';
import type { Carrier } from './carrier.ts';
import type { Replica } from './replica.ts';

export interface GatewayParts {
  readonly replica: Replica;
  readonly carrier: Pick<Carrier, 'applied'>;
  /** All events up to this seq are committed. */
  readonly committed: (seq: number) => void;
  /** A commit failed: messages behind what is applied are to come again. */
  readonly failed: () => void;
  /** The log does not take a message, or takes it again (null). */
  readonly refused: (why: Failure | null) => void;
  readonly log: Log;
}

export class Gateway {
  readonly #parts: GatewayParts;
  /** Messages of this gateway, applied and not committed yet. */
  #own: AppliedBlock[] = [];
  #isScheduled = false;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** False for a message that cannot be applied now. Throws StartRefused for a block of an unknown version. */
  take(stream: number, ms: number, isOwn: boolean, data: Buffer): boolean {
    const outcome = this.#apply(stream, ms, data);
    if (outcome === 'repeat') return true;
    if (outcome === 'gap') return false;
    if (outcome.passedOver !== null) {
      this.#parts.log.warn({ stream, why: outcome.passedOver }, 'a block of the shared log counts for nothing');
    }
    if (isOwn) this.#own.push(outcome);
    this.#schedule();
    return true;
  }

  #apply(stream: number, ms: number, data: Buffer) {
    try {
      const outcome = this.#parts.replica.apply(stream, ms, data);
      this.#parts.refused(null);
      return outcome;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#parts.refused(error);
      this.#parts.log.error({ err: error }, 'the replica takes nothing: the shared log waits');
      return 'gap';
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.commit();
    });
  }

  /** What was applied so far. */
  commit(): void {
    const { replica, carrier, committed, failed, log } = this.#parts;
    const own = this.#own;
    this.#own = [];
    try {
      replica.commit();
    } catch (error) {
      log.error({ err: error }, 'the replica could not be written: what it lacks is applied again');
      failed();
      return;
    }
    committed(replica.seq);
    for (const outcome of own) carrier.applied(outcome);
  }
}
