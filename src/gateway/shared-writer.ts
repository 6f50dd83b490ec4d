/**
 * The table writer of a gateway (I1, I8): it writes while this gateway holds the lease, and follows the checkpoint of
 * whoever does else. Whoever takes over finishes the range that stands in the key, whole and under its first token.
 *
 *   following ──lease──► waiting ──store ready, own replica has the range──► writing
 *       ▲                   └──────────────────────┬────────────────────────────┘
 *       └─────── lost, or given up: nothing gets into ClickHouse from here ─────┘
 */
import { Failure } from '../base/errors.ts';
import { type KnownHolder, type Lease, LeaseLost } from '../base/lease.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import type { Store } from '../clickhouse/store.ts';
import type { LogAdmin } from '../event-log/log-admin.ts';
import { DeadLetterFull } from '../nats/claimed-dead-letter.ts';
import { type EpochBook, openBook } from '../table-writer/epoch-book.ts';
import { doubted, type Ledger } from '../table-writer/ledger.ts';
import { loadOrBegin, openWriterState } from '../table-writer/open-writer-state.ts';
import type { DeadLetter } from '../table-writer/ports.ts';
import { settledOf } from '../table-writer/stored-of.ts';
import { startTableWriter, type TableWriter, type TableWriterParts } from '../table-writer/table-writer.ts';
import { sentUpTo, type WriterState } from '../table-writer/writer-state.ts';
import { LeaseTurns } from './lease-turns.ts';
import type { SharedDeadLetter } from './shared-dead-letter.ts';
import { whyWentBack } from './went-back.ts';

export interface SharedWriterParts {
  readonly replica: LogAdmin;
  readonly live: { readonly mark: number };
  readonly store: Store;
  readonly deadLetter: Pick<SharedDeadLetter, 'claim'>;
  /** See InsertParts. */
  readonly keepIds: (seq: number) => void;
  readonly options: TableWriterParts['options'];
  readonly counters: Counters;
  /** The checkpoint of the replica may have moved. */
  readonly followed: () => void;
  /** Whether the replica follows the shared log: else there is nothing to write from here. */
  readonly isFollowing: () => boolean;
  readonly elapsedMs: () => number;
  readonly log: Log;
}

/** So long a holder keeps the key while it can write nothing into ClickHouse, and then leaves it to the others. */
const uselessMs = 30_000;
/** Longer than any insert. */
const insertEndsMs = 130_000;

export class SharedWriter implements TableWriter {
  readonly #parts: SharedWriterParts;
  readonly #turns: LeaseTurns<WriterState>;
  #writer: TableWriter | null = null;
  /** Since when the lease is held without any use; null while it is of use. */
  #uselessSince: number | null = null;
  #leavesUntil = 0;
  #fault: string | null = null;
  /** The checkpoint when that was said. */
  #faultAt = 0;

  constructor(parts: SharedWriterParts) {
    const { elapsedMs, log } = parts;
    this.#parts = parts;
    this.#turns = new LeaseTurns({
      ...{ elapsedMs, log },
      mayTake: () => elapsedMs() >= this.#leavesUntil,
      lost: () => (this.#writer === null ? null : this.#endWriter()),
      turned: (lease) => this.#turned(lease),
      says: {
        taken: 'this gateway writes into ClickHouse now',
        deaf: "the table writer's key does not answer, or ClickHouse",
        lost: "another gateway holds the table writer's key now",
      },
    });
  }

  /** The key is there. */
  begin(lease: Lease<WriterState>): void {
    this.#turns.begin(lease);
  }

  get isHolder(): boolean {
    return this.#turns.isHeld;
  }
  get phase(): string {
    return this.#writer?.phase ?? (this.isHolder ? 'waiting' : 'following');
  }
  /** Whose turn it is, as the key was seen last. */
  get known(): KnownHolder<WriterState> | null {
    return this.#turns.lease?.known ?? null;
  }
  /** Why this gateway does not write though it might; null if nothing is in the way. */
  get fault(): string | null {
    return this.#fault;
  }
  get book(): EpochBook {
    const { epoch, firstSeq } = this.#parts.replica;
    const books = this.known?.state?.books ?? [];
    return books.find((book) => book.epoch === epoch) ?? openBook(epoch, firstSeq, '');
  }

  wake(): void {
    this.#writer?.wake();
  }

  /** What ClickHouse has above the checkpoint is in the shared log too, and comes from there. */
  whenCertain(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    return Promise.resolve();
  }

  async doubtRange(): Promise<void> {
    if (this.#writer !== null) {
      await this.#writer.doubtRange();
      return;
    }
    const state = (await this.#turns.lease?.load()) ?? null;
    if (state !== null && doubted(state) !== state) await this.#turns.lease?.save(doubted(state));
  }

  between<Answer>(work: (ledger: Ledger) => Promise<Answer>): Promise<Answer> {
    return this.#writer?.between(work) ?? Promise.reject(this.notWriting);
  }

  get notWriting(): Failure | null {
    if (this.#writer !== null) return null;
    const holder = this.isHolder ? '' : (this.known?.holder ?? '');
    return new Failure(
      'otherWrites',
      holder === ''
        ? 'No gateway writes into ClickHouse just now: ask again in a few seconds.'
        : `Gateway ${holder} writes into ClickHouse, and not this one: ask it.`,
    );
  }

  async stop(graceMs: number): Promise<void> {
    await this.#turns.stop(graceMs);
    await this.#writer?.stop(graceMs);
    this.#writer = null;
    await this.#turns.giveUp();
  }

  async #turned(lease: Lease<WriterState>): Promise<void> {
    if (lease.isHeld) await this.#hold(lease);
    this.#follow();
  }

  async #hold(lease: Lease<WriterState>): Promise<void> {
    const { store, isFollowing, elapsedMs } = this.#parts;
    if (store.status.phase !== 'ready' || !isFollowing()) this.#uselessSince ??= elapsedMs();
    else this.#uselessSince = null;
    if (this.#uselessSince !== null && elapsedMs() - this.#uselessSince > uselessMs) await this.#leave(lease);
    else if (store.status.phase === 'ready' && this.#writer === null) await this.#tryWriter(lease);
  }

  /** Another gateway may reach ClickHouse, or have what is to be written, where this one does not. */
  async #leave(lease: Lease<WriterState>): Promise<void> {
    this.#leavesUntil = this.#parts.elapsedMs() + uselessMs;
    this.#uselessSince = null;
    if (this.#writer !== null) await this.#endWriter();
    await lease.giveUp();
  }

  /** What it has under way must not end under a later lease. */
  async #endWriter(): Promise<void> {
    await this.#writer?.stop(insertEndsMs);
    this.#writer = null;
  }

  async #tryWriter(lease: Lease<WriterState>): Promise<void> {
    const { replica, live, keepIds } = this.#parts;
    const state = await loadOrBegin(lease, replica);
    this.#blame(await whyWentBack(this.#parts, state));
    if (this.#fault !== null) return await this.#leave(lease);
    if (live.mark < sentUpTo(state)) return;
    const { term } = lease;
    const deadLetter = await this.#claimDead(lease);
    if (deadLetter === null) return;
    keepIds(state.checkpoint);
    replica.advanceCheckpoint(state.checkpoint);
    const stateStore = {
      load: () => lease.load(),
      save: async (next: WriterState): Promise<void> => {
        if (lease.term !== term) throw new LeaseLost('the lease under which this was begun is over');
        await lease.save(next);
      },
    };
    const opened = await openWriterState(stateStore, replica, deadLetter);
    // Not if it was stopped meanwhile.
    if (this.#turns.isRunning) this.#writer = this.#newWriter(lease, stateStore, opened, deadLetter);
  }

  /** Null where the key went back, or the lease is over. */
  async #claimDead(lease: Lease<WriterState>): Promise<DeadLetter | null> {
    const { replica, deadLetter } = this.#parts;
    const claimed = await deadLetter.claim({ epoch: replica.epoch, term: lease.term });
    if (claimed !== null) return claimed;
    await lease.renew();
    this.#blame(`The dead letter is of a later term than ${lease.term}: what NATS keeps went back.`);
    await this.#leave(lease);
    return null;
  }

  #blame(sentence: string | null): void {
    if (sentence !== null && sentence !== this.#fault)
      this.#parts.log.error({ reason: sentence }, 'nothing is written into ClickHouse');
    this.#fault = sentence;
    this.#faultAt = this.known?.state?.checkpoint ?? 0;
  }

  /** Says why the writer does not get on while the dead letter is full. */
  async #bury(deadLetter: Pick<DeadLetter, 'add'>, event: Parameters<DeadLetter['add']>[0]): Promise<void> {
    try {
      await deadLetter.add(event);
      this.#fault = null;
    } catch (error) {
      if (error instanceof DeadLetterFull) this.#blame(error.message);
      throw error;
    }
  }

  #newWriter(
    lease: Lease<WriterState>,
    stateStore: TableWriterParts['stateStore'],
    state: WriterState,
    deadLetter: Pick<DeadLetter, 'add'>,
  ): TableWriter {
    const { replica, live, store, keepIds, options, counters, log } = this.#parts;
    return startTableWriter({
      ...{ journal: replica, live, state, stateStore, keepIds, options, counters, log },
      deadLetter: { add: (event) => this.#bury(deadLetter, event) },
      store: {
        async insertRows(body, token) {
          await lease.refresh();
          await store.insertRows(body, token);
        },
        whenReady: (signal) => store.whenReady(signal),
      },
      settledOf: (epoch, range) => settledOf(store, epoch, range),
      // One range, one token, whoever sends it: what is sent in part under another one could meet the whole.
      trustsTokens: () => true,
    });
  }

  /** Never beyond the mark: a feed reads the store up to the checkpoint, and then the log. */
  #follow(): void {
    const { replica, live, keepIds, followed } = this.#parts;
    const known = this.known?.state?.checkpoint ?? 0;
    // Another gateway has got further: what was in the way is so no more.
    if (!this.isHolder && known > this.#faultAt) this.#fault = null;
    const checkpoint = Math.min(known, live.mark);
    if (this.#writer === null && checkpoint > replica.checkpoint) {
      keepIds(checkpoint);
      replica.advanceCheckpoint(checkpoint);
      replica.trimLater();
    }
    followed();
  }
}
