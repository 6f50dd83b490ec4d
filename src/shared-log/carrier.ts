/**
 * Brings what a gateway's spool holds into the shared log, one block at a time. Each says which message of this gateway
 * must be its newest, so what lingers in the network is refused. No answer to a sent block settles anything: only what
 * the own replica has applied does, up to what that block covers, which may be an earlier try with fewer rows.
 *
 *              newest message of this gateway            applied here
 *   asking ───────────────────────────────► following ───────────────► ready ◄──────────────────┐
 *     ▲                                                                │   │  looked up in store │
 *     │                                                                │   └─► lookingUp ────────┤
 *     │ refused, or silent for too long                                ▼                         │
 *     └──────────────────────────────────────────────────────────────  sent ── applied here ─────┘
 *
 * Nothing of this is kept on disk: after a start the spool is judged again, from its oldest row on.
 */

import type { AppliedBlock } from './applier.ts';
import type { BlockStream, CarrierOptions, Spool, SpooledRow, StoreLookUp, Wait } from './carrier-ports.ts';
import { judge, type LookedUp } from './judge.ts';
import type { Replica } from './replica.ts';

export interface CarrierParts {
  readonly spool: Spool;
  readonly replica: Pick<Replica, 'applied' | 'seq' | 'window'>;
  readonly stream: BlockStream;
  readonly store: StoreLookUp;
  /** All rows of the spool up to this seq are in the log. */
  readonly settled: (seq: number) => void;
  readonly wait: Wait;
  readonly options: CarrierOptions;
}

type Phase = 'asking' | 'following' | 'ready' | 'lookingUp' | 'sent';

export class Carrier {
  readonly #parts: CarrierParts;
  #phase: Phase = 'asking';
  /** All rows of the spool up to it are settled. */
  #settled: number;
  /** Number of this gateway's newest message; 0 for none. Of no use while asking. */
  #newest = 0;
  /** Of what was asked or sent last: answers to anything before come too late. */
  #turn = 0;
  #rowsMax: number;
  /** Results in a row that were stale. */
  #stale = 0;
  #lookedUp: LookedUp | null = null;
  #stopWaiting: () => void = () => undefined;
  #isStopped = false;

  constructor(parts: CarrierParts) {
    this.#parts = parts;
    this.#settled = parts.spool.oldest - 1;
    this.#rowsMax = parts.options.rowsMax;
  }

  get phase(): Phase {
    return this.#phase;
  }
  get settled(): number {
    return this.#settled;
  }

  start(): void {
    this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    this.#turn += 1;
    this.#stopWaiting();
  }

  /** The spool has grown. */
  wake(): void {
    if (this.#phase === 'ready') this.#carry();
  }

  /** Answers the question of this turn: the number of this gateway's newest message, 0 for none. */
  answered(turn: number, newest: number): void {
    if (turn !== this.#turn || this.#phase !== 'asking') return;
    this.#newest = newest;
    this.#enter('following');
    this.#follow();
  }

  /** The block of this turn was not stored: for another message came first, or for any other reason. */
  refused(turn: number, isOutrun: boolean): void {
    if (turn !== this.#turn || this.#phase !== 'sent') return;
    if (isOutrun) this.#ask();
    else this.#askLater();
  }

  /** The store has said which of the rows of this turn's question it has. */
  lookedUp(turn: number, known: ReadonlySet<string>): void {
    if (turn !== this.#turn || this.#phase !== 'lookingUp' || this.#lookedUp === null) return;
    this.#lookedUp = { ...this.#lookedUp, known };
    this.#enter('ready');
    this.#carry();
  }

  /** The replica has applied a message of this gateway, and committed it. */
  applied({ block, stream, passedOver }: AppliedBlock): void {
    if (block !== null && passedOver === null && block.spool === this.#parts.spool.epoch) this.#settle(block.covers);
    this.#noteStale(passedOver === 'stale');
    // What the store said may be what was too old. An answer that is still to come is newer.
    if (this.#phase !== 'lookingUp') this.#lookedUp = null;
    if (this.#phase === 'asking') return;
    this.#newest = Math.max(this.#newest, stream);
    if (this.#phase === 'following') this.#follow();
    else if (this.#phase === 'sent') {
      this.#enter('ready');
      this.#carry();
    }
  }

  #follow(): void {
    if (this.#parts.replica.applied.stream < this.#newest) return;
    this.#enter('ready');
    this.#carry();
  }

  /** Sends the next rows that are not in the log; settles what is. */
  #carry(): void {
    const { spool, replica, stream, options } = this.#parts;
    while (!this.#isStopped && this.#settled < spool.head) {
      const rows = spool.read(this.#settled + 1, this.#rowsMax, options.bytesMax);
      const judged = judge(rows, replica.window, this.#lookedUp, replica.seq);
      if (judged.doubtful.length > 0) {
        this.#lookUp(judged.doubtful);
        return;
      }
      if (judged.block !== null) {
        this.#enter('sent');
        this.#stopWaiting = this.#parts.wait(options.silentMs, () => this.#ask());
        stream.send(judged.block(spool.epoch), this.#newest, this.#turn);
        return;
      }
      this.#settle(rows.last);
    }
  }

  #lookUp(rows: readonly SpooledRow[]): void {
    const { replica, store } = this.#parts;
    const leftUpTo = (replica.window.oldestSeq ?? replica.seq + 1) - 1;
    this.#enter('lookingUp');
    this.#lookedUp = { judgedAt: replica.seq, asked: new Set(rows.map(({ id }) => id)), known: new Set() };
    store.lookUp(rows, leftUpTo, this.#turn);
  }

  #settle(upTo: number): void {
    if (upTo <= this.#settled) return;
    this.#settled = upTo;
    this.#parts.settled(upTo);
  }

  /** Twice in a row: half as many rows, which are judged and sent the sooner. */
  #noteStale(isStale: boolean): void {
    this.#stale = isStale ? this.#stale + 1 : 0;
    const { rowsMax } = this.#parts.options;
    if (this.#stale >= 2) this.#rowsMax = Math.max(1, Math.floor(this.#rowsMax / 2));
    else if (!isStale) this.#rowsMax = Math.min(rowsMax, this.#rowsMax * 2);
  }

  #ask(): void {
    this.#enter('asking');
    this.#stopWaiting = this.#parts.wait(this.#parts.options.silentMs, () => this.#ask());
    this.#parts.stream.askNewest(this.#turn);
  }

  #askLater(): void {
    this.#enter('asking');
    this.#stopWaiting = this.#parts.wait(this.#parts.options.againMs, () => this.#ask());
  }

  #enter(phase: Phase): void {
    this.#stopWaiting();
    this.#stopWaiting = () => undefined;
    this.#turn += 1;
    this.#phase = phase;
  }
}
