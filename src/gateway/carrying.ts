/**
 * What goes between a gateway and the stream: its spool into it, and all messages out of it into the replica.
 */
import type { Observable } from 'rxjs';
import type { Log } from '../base/log.ts';
import type { Store } from '../clickhouse/store.ts';
import type { Journal } from '../journal/journal.ts';
import { createBlockStream } from '../nats/block-stream.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { type Follower, followStream } from '../nats/follow-stream.ts';
import { type OpenedStream, subjectOf } from '../nats/open-stream.ts';
import type { AppliedBlock } from '../shared-log/applier.ts';
import { Carrier, type CarrierParts } from '../shared-log/carrier.ts';
import type { CarrierOptions } from '../shared-log/carrier-ports.ts';
import { JournalSpool } from '../shared-log/journal-spool.ts';
import type { ReplicaSide } from './replica-side.ts';
import type { DeadIds } from './shared-dead-letter.ts';
import { SpoolLookUp } from './store-look-up.ts';

export interface CarryingParts {
  readonly spool: Journal;
  /** The spool has grown by what may be sent. */
  readonly grown$: Observable<unknown>;
  readonly stream: OpenedStream;
  readonly side: ReplicaSide;
  readonly idsMax: number;
  readonly checkpoint: () => number;
  /** See CarrierParts. */
  readonly settled: CarrierParts['settled'];
  readonly keepTaken: CarrierParts['keepTaken'];
  /** So many old events may wait to be looked up. */
  readonly parkedMax: number;
  /** The stream cannot be followed any more: why. */
  readonly lost: (sentence: string) => void;
  readonly log: Log;
}

const blockRowsMax = 1_024;
/** 256 rows of events of 1.1 kB take 0.6 MB: what came at once goes as one block. */
const blockBytesMax = 1024 * 1024;
const silentMs = 2_000;
const againMs = 100;

export class Carrying {
  readonly #parts: CarryingParts;
  #carrier: Carrier | null = null;
  #follower: Follower | null = null;
  #stop: () => void = () => undefined;
  #fault: string | null = null;

  constructor(parts: CarryingParts) {
    this.#parts = parts;
  }

  /** Events of the spool that the shared log may not have. */
  get waiting(): number {
    const { spool } = this.#parts;
    return spool.head - (this.#carrier?.settled ?? spool.oldest - 1) + this.parked;
  }
  /** Of these the old ones that wait to be looked up in ClickHouse. */
  get parked(): number {
    return this.#carrier?.parked ?? 0;
  }

  /** Why nothing gets into the shared log from here though NATS is there; null if nothing is in the way. */
  get fault(): string | null {
    return this.#fault;
  }

  begin(nats: Nats, id: string, store: Store, dead: DeadIds): void {
    const { spool, grown$, stream, side, settled, keepTaken, checkpoint, log } = this.#parts;
    const { replica } = side;
    const subject = subjectOf(stream.name, id);
    const lookUps = new SpoolLookUp({
      ...{ store, dead, checkpoint, log },
      answer: (turn, words) => carrier.lookedUp(turn, words),
    });
    const carrier: Carrier = new Carrier({
      spool: new JournalSpool(spool),
      replica,
      stream: createBlockStream({
        ...{ nats, subject, stream: stream.name },
        told: {
          answered: (turn, newest) => carrier.answered(turn, newest),
          refused: (turn, isOutrun) => carrier.refused(turn, isOutrun),
          says: (sentence) => this.#hear(sentence),
        },
      }),
      store: lookUps,
      ...{ settled, keepTaken },
      wait: (ms, call) => {
        const timer = setTimeout(call, ms);
        return () => clearTimeout(timer);
      },
      options: this.#options,
    });
    const waking = grown$.subscribe(() => carrier.wake());
    this.#carrier = carrier;
    this.#stop = () => {
      waking.unsubscribe();
      lookUps.stop();
      carrier.stop();
    };
    this.#follower = this.#follow(nats, subject);
    carrier.start();
  }

  applied(outcome: AppliedBlock): void {
    this.#carrier?.applied(outcome);
  }

  /** Messages behind what is applied are to come again. */
  again(): void {
    this.#follower?.again();
  }

  stop(): void {
    this.#stop();
    this.#follower?.stop();
  }

  #hear(sentence: string | null): void {
    if (sentence !== null && this.#fault === null) this.#parts.log.error({ reason: sentence }, 'the shared log waits');
    this.#fault = sentence;
  }

  get #options(): CarrierOptions {
    // A block is judged against half of the window, and its ids leave in a few shares of it.
    const { idsMax, parkedMax } = this.#parts;
    const rowsMax = Math.min(blockRowsMax, Math.floor(idsMax / 8));
    return { rowsMax, bytesMax: blockBytesMax, parkedMax, silentMs, againMs };
  }

  #follow(nats: Nats, own: string): Follower {
    const { stream, side, lost, log } = this.#parts;
    return followStream({
      ...{ nats, stream, lost, log },
      applied: () => side.replica.applying,
      take: ({ stream: number, ms, subject, data }) => {
        try {
          return side.take({ stream: number, ms, isOwn: subject === own, data });
        } catch (error) {
          // A block of a version that this one does not know, or a fault of ours: to go on would be another log.
          this.stop();
          lost(error instanceof Error ? error.message : String(error));
          return true;
        }
      },
    });
  }
}
