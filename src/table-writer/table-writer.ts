/**
 * Moves the log into ClickHouse, exactly once (I1, I8): one insert in flight, each range announced before it is first
 * sent and sent again under the same token until it is taken (a start looks first what of it is there); the checkpoint
 * follows ClickHouse's 200, and trim follows the checkpoint.
 */
import { createActor, fromPromise } from 'xstate';
import { writerMachine } from '../../actors/writer.ts';
import { endsWithin } from '../base/ends-within.ts';
import type { Failure } from '../base/errors.ts';
import { Batches, type BatchesParts } from './batches.ts';
import { Certainty, type Reconcile } from './certainty.ts';
import { type EpochBook, openBook } from './epoch-book.ts';
import { InsertNext, type InsertParts } from './insert-next.ts';
import { Ledger } from './ledger.ts';
import type { WriterStateStore } from './ports.ts';
import type { WriterState } from './writer-state.ts';

/**
 * A batch costs the engine as much as some thousand rows, whatever it holds: while batches are not small (a fifth of
 * the most), each collects for twice as long, and costs and merges are nearly halved (decision 024).
 */
const busyShare = 5;
const busyFactor = 2;

export interface TableWriterParts extends InsertParts, Pick<BatchesParts, 'live'> {
  /** What the state store has, made to agree with the log and the dead letter (open-writer-state.ts). */
  readonly state: WriterState;
  readonly stateStore: Pick<WriterStateStore, 'save'>;
  /** Where the state's checkpoint is in doubt. */
  readonly reconcile?: Reconcile;
  readonly options: BatchesParts['options'] & { readonly flushMs: number };
}

export interface TableWriter {
  /** Something was handed to live delivery: looks whether a batch is due. Cheap; called once a group. */
  wake(): void;
  readonly phase: string;
  /** Who is to be asked for what only the gateway that writes can do; null where that is this one. */
  readonly notWriting: Failure | null;
  /** Resolves once the checkpoint can be relied on (certainty.ts). Rejects when the signal aborts. */
  whenCertain(signal?: AbortSignal): Promise<void>;
  /**
   * What is there of the range under way is looked for before it is sent again, in the next process too. To be called
   * while the store is not ready.
   */
  doubtRange(): Promise<void>;
  /** Runs work on the writer's state between two inserts. Rejects once the writer is stopped. */
  between<Answer>(work: (ledger: Ledger) => Promise<Answer>): Promise<Answer>;
  /** What became of the present epoch's events. */
  readonly book: EpochBook;
  /** Lets an insert under way end, for at most `graceMs`, and stops. */
  stop(graceMs: number): Promise<void>;
}

export function startTableWriter(parts: TableWriterParts): TableWriter {
  const { journal, options } = parts;
  const stopping = new AbortController();
  const ledger = new Ledger(parts.stateStore, journal, parts.state);
  const batches = new Batches(parts, ledger, stopping.signal);
  const certainty = new Certainty(journal, ledger, parts.reconcile);
  const inserts = new InsertNext(parts, ledger, batches, certainty, stopping.signal);
  let underWay: Promise<unknown> = Promise.resolve();

  const actor = createActor(
    writerMachine.provide({
      actors: {
        insertNext: fromPromise(() => {
          const work = inserts.run();
          underWay = work.catch(() => undefined);
          return work;
        }),
      },
      delays: {
        flush: () => options.flushMs * (inserts.rowsOfLast * busyShare >= options.rowsMax ? busyFactor : 1),
      },
    }),
  );

  function wake(): void {
    const { value } = actor.getSnapshot();
    if (value !== 'idle' && value !== 'collecting') return;
    const { remaining } = batches;
    if (remaining === 'full') actor.send({ type: 'batch.filled' });
    else if (remaining === 'some' && value === 'idle') actor.send({ type: 'rows.waiting' });
  }

  certainty.look();
  actor.start();
  if (certainty.isDoubtful || ledger.state.range !== null) actor.send({ type: 'batch.filled' });
  else wake();

  return {
    wake,
    notWriting: null,
    doubtRange: () => ledger.doubtRange(),
    whenCertain: (signal) => certainty.when(signal),
    between: (work) => inserts.between(work),
    get phase() {
      return actor.getSnapshot().value;
    },
    get book() {
      const { epoch, firstSeq } = journal;
      return ledger.state.books.find((book) => book.epoch === epoch) ?? openBook(epoch, firstSeq, '');
    },
    async stop(graceMs) {
      actor.send({ type: 'writer.stopped' });
      stopping.abort();
      await endsWithin(graceMs, underWay);
      inserts.isClosed = true;
    },
  };
}
