/**
 * Brings what a gateway's spool holds into the shared log, one block at a time. Each says which message of this gateway
 * must be its newest, so what lingers in the network is refused. No answer to a sent block settles anything: only what
 * the own replica has applied does, and of that the rows which stand in it: it may be an earlier try with fewer rows.
 *
 *              newest message of this gateway            applied here
 *   asking ───────────────────────────────► following ───────────────► ready
 *     ▲                                                                │   ▲
 *     │                                                                ▼   │ applied here
 *     └── refused, or silent for too long ──────────────────────────── sent
 *
 * Rows of which only the store can tell are parked meanwhile (I11): those behind them do not wait for it.
 *
 * Nothing of this is kept on disk: after a start the spool is judged again, from its oldest row on.
 */
import type { Row } from '../event-log/row.ts';
import type { AppliedBlock } from './applier.ts';
import type { BlockStream, CarrierOptions, Spool, SpooledRows, StoreLookUp, StoreWord, Wait } from './carrier-ports.ts';
import { type Judged, judge } from './judge.ts';
import { ParkedLookUps } from './parked-look-ups.ts';
import type { Replica } from './replica.ts';
import { numbersIn } from './stamped-row.ts';

export interface CarrierParts {
  readonly spool: Spool;
  readonly replica: Pick<Replica, 'applied' | 'seq' | 'window'>;
  readonly stream: BlockStream;
  readonly store: StoreLookUp;
  /**
   * All rows of the spool up to `upTo` are in the log, parked here, or kept as taken; all up to `letGo` are in the log
   * or kept.
   */
  readonly settled: (upTo: number, letGo: number) => void;
  /** Keeps rows whose ids are taken, on the disk when it returns; false where that failed. */
  readonly keepTaken: (rows: readonly Row[]) => boolean;
  readonly wait: Wait;
  readonly options: CarrierOptions;
}

type Phase = 'asking' | 'following' | 'ready' | 'sent';

/** The rows of the block that was sent last, and are not in the log yet. */
interface Sent {
  readonly seqs: Set<number>;
  /** The block has all of the spool up to here that is to be sent now; null for one of parked rows. */
  readonly upTo: number | null;
}

export class Carrier {
  readonly #parts: CarrierParts;
  readonly #parked: ParkedLookUps;
  /** Rows that are kept as taken, and stand above what is settled: once is enough. */
  readonly #kept = new Set<number>();
  #phase: Phase = 'asking';
  /** See CarrierParts. */
  #settled: number;
  #told: { readonly upTo: number; readonly letGo: number };
  /** Number of this gateway's newest message; 0 for none. Of no use while asking. */
  #newest = 0;
  /** Of what was asked or sent last: answers to anything before come too late. */
  #turn = 0;
  #sent: Sent | null = null;
  #rowsMax: number;
  /** Results in a row that were stale. */
  #stale = 0;
  #stopWaiting: () => void = () => undefined;
  #isStopped = false;

  constructor(parts: CarrierParts) {
    this.#parts = parts;
    this.#parked = new ParkedLookUps({
      ...parts,
      keepTaken: (rows) => this.#keepTaken(rows),
      changed: () => this.#tell(),
    });
    this.#settled = parts.spool.oldest - 1;
    this.#told = { upTo: this.#settled, letGo: this.#settled };
    this.#rowsMax = parts.options.rowsMax;
  }

  get phase(): Phase {
    return this.#phase;
  }
  get settled(): number {
    return this.#settled;
  }
  /** How many rows wait for the store. */
  get parked(): number {
    return this.#parked.size;
  }

  start(): void {
    this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    this.#turn += 1;
    this.#parked.stop();
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

  /** The store has said what it has of the rows of this question. */
  lookedUp(turn: number, words: ReadonlyMap<number, StoreWord>): void {
    if (!this.#parked.lookedUp(turn, words)) return;
    this.#tell();
    if (this.#phase === 'ready') this.#carry();
    else this.#parked.askStore();
  }

  /** The replica has applied a message of this gateway, and committed it. */
  applied({ block, stream, passedOver, taken }: AppliedBlock): void {
    const isOwn = block !== null && block.spool === this.#parts.spool.epoch;
    if (isOwn && passedOver === null) this.#settleSent(numbersIn(block.rows, block.ends), taken);
    this.#noteStale(passedOver === 'stale');
    // What the store said may be what was too old.
    if (passedOver !== null) this.#parked.forgetAnswers();
    if (this.#phase === 'asking') return;
    this.#newest = Math.max(this.#newest, stream);
    if (this.#phase === 'following') this.#follow();
    else if (this.#phase === 'ready') this.#parked.askStore();
    else {
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
    const { spool, options } = this.#parts;
    while (!this.#isStopped && this.#phase === 'ready' && !this.#carryParked() && this.#settled < spool.head) {
      const judged = this.#judge(spool.read(this.#settled + 1, this.#rowsMax, options.bytesMax));
      if (!this.#keepTaken(judged.taken)) this.#askLater();
      else {
        this.#parked.add(judged.doubtful);
        if (judged.sent.length > 0) this.#send(judged, judged.upTo, this.#parts.replica.seq);
        else if (judged.upTo === this.#settled) break;
        else this.#settle(judged.upTo);
      }
    }
    this.#parked.askStore();
  }

  #judge(rows: SpooledRows): Judged {
    const { replica, options } = this.#parts;
    const room = options.parkedMax - this.#parked.size;
    return judge(rows, { window: replica.window, isParked: (seq) => this.#parked.has(seq), room });
  }

  /** Sends parked rows that the store does not have; false if there is none. */
  #carryParked(): boolean {
    const next = this.#parked.next(this.#rowsMax);
    this.#tell();
    if (next === 'none') return false;
    if (next === 'unkept') this.#askLater();
    else this.#send(next.judged, null, next.judgedAt);
    return true;
  }

  #send({ sent, block }: Judged, upTo: number | null, judgedAt: number): void {
    const { spool, stream, options } = this.#parts;
    this.#sent = { seqs: new Set(sent), upTo };
    this.#enter('sent');
    this.#stopWaiting = this.#parts.wait(options.silentMs, () => this.#ask());
    const head = { covers: upTo ?? this.#settled, judgedAt, spool: spool.epoch };
    stream.send(block(head), this.#newest, this.#turn);
  }

  /** These rows of the block that was sent are in the log, or kept; those whose ids are taken are to be kept first. */
  #settleSent(seqs: readonly number[], taken: readonly Row[]): void {
    const sent = this.#sent;
    if (sent === null) return;
    if (!this.#keepTaken(taken.filter(({ seq }) => sent.seqs.has(seq)))) {
      this.#askLater();
      return;
    }
    const ours = seqs.filter((seq) => sent.seqs.delete(seq));
    const [next] = sent.seqs;
    if (sent.upTo === null) this.#parked.remove(ours);
    else this.#settled = Math.max(this.#settled, next === undefined ? sent.upTo : next - 1);
    this.#tell();
  }

  #settle(upTo: number): void {
    this.#settled = Math.max(this.#settled, upTo);
    this.#tell();
  }

  #tell(): void {
    const letGo = Math.min(this.#settled, this.#parked.oldest - 1);
    const { upTo: told, letGo: toldLetGo } = this.#told;
    if (this.#settled === told && letGo === toldLetGo) return;
    this.#told = { upTo: this.#settled, letGo };
    for (const seq of this.#kept) if (seq <= this.#settled) this.#kept.delete(seq);
    this.#parts.settled(this.#settled, letGo);
  }

  #keepTaken(rows: readonly Row[]): boolean {
    const left = rows.filter(({ seq }) => !this.#kept.has(seq));
    if (left.length === 0) return true;
    if (!this.#parts.keepTaken(left)) return false;
    for (const { seq } of left) this.#kept.add(seq);
    return true;
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
