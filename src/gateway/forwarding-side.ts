/**
 * What forwarding to Prefect asks of a gateway's other parts: its replica holds what is not confirmed, the shared log
 * is let go behind that as long as there is room, and nothing is taken in once the replica is full of it.
 */
import type { Failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Forwarder } from '../forwarder/start-forwarder.ts';
import type { Journal } from '../journal/journal.ts';
import type { OpenedStream } from '../nats/open-stream.ts';
import type { ForwarderLease } from './forwarder-lease.ts';
import type { ReplicaSide } from './replica-side.ts';
import { SharedForwarder, type SharedForwarderParts } from './shared-forwarder.ts';

export interface ForwardingSideParts {
  /** Whether a Prefect server is named. */
  readonly isOn: boolean;
  readonly stream: OpenedStream;
  readonly replica: Journal;
  readonly side: Pick<ReplicaSide, 'live' | 'refusal'>;
  readonly othersOldest: SharedForwarderParts['othersOldest'];
  readonly log: Log;
}

export class ForwardingSide {
  readonly #parts: ForwardingSideParts;
  #forwarder: SharedForwarder | null = null;
  #lease: ForwarderLease | null = null;
  #isOver = false;

  constructor(parts: ForwardingSideParts) {
    this.#parts = parts;
    // Until it is known what is still wanted.
    if (parts.isOn) parts.replica.holdFrom(0);
  }

  start(parts: Pick<SharedForwarderParts, 'told' | 'start'>): Forwarder {
    const { stream, replica, side, othersOldest, log } = this.#parts;
    const { after, firstSeq } = stream;
    this.#forwarder = new SharedForwarder({
      ...{ ...parts, replica, othersOldest, log },
      live: side.live,
      before: after === null ? null : { seq: after.seq, firstSeq },
      elapsedMs: () => performance.now(),
    });
    this.#begin();
    return this.#forwarder;
  }

  /** The shared log is joined; null where nothing is forwarded. */
  joined(lease: ForwarderLease | null): void {
    this.#lease = lease;
    this.#begin();
  }

  /** The gateway goes no further. */
  stop(): void {
    this.#isOver = true;
    void this.#forwarder?.stop(0);
  }

  /**
   * Up to this seq no new gateway needs anything: it is in ClickHouse, and Prefect has it. A stream that is filling
   * does not wait for Prefect: the replicas have it.
   */
  settledUpTo(isFilling: boolean): number {
    const { isOn, replica } = this.#parts;
    return isOn && !isFilling ? Math.min(replica.checkpoint, this.#confirmed) : replica.checkpoint;
  }

  /** The replica is full of events that are to be forwarded: why nothing is taken in; null if it is not. */
  get refusal(): Failure | null {
    const { isOn, replica, side } = this.#parts;
    return isOn && side.refusal?.failure === 'journalFull' && this.#confirmed < replica.checkpoint
      ? side.refusal
      : null;
  }

  get #confirmed(): number {
    return this.#forwarder?.confirmed ?? 0;
  }

  /** Once both are there. */
  #begin(): void {
    if (this.#lease !== null && !this.#isOver) this.#forwarder?.begin(this.#lease);
  }
}
