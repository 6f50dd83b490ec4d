/**
 * Moves the log into ClickHouse, exactly once (docs/design.md, "Into ClickHouse"; I1, I8): one insert in flight, each
 * range announced in the state file before it is first sent and sent again under the same token until it is taken (a
 * start looks first what of it is there); the checkpoint follows ClickHouse's 200, and trim follows the checkpoint.
 * What ClickHouse refuses for its content is halved down to the guilty event.
 */
import { firstValueFrom, fromEvent, ReplaySubject, takeUntil } from 'rxjs';
import { createActor, fromPromise } from 'xstate';
import { type Remaining, writerMachine } from '../../actors/writer.ts';
import { failPoint } from '../base/fail-point.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import { RowsRefused, type Store } from '../clickhouse/store.ts';
import type { LogAdmin } from '../event-log/log-admin.ts';
import type { LogChunk } from '../event-log/log-reader.ts';
import { linesOf, receivedOf, withoutSeqs } from '../event-log/row.ts';
import type { DeadLetter } from './dead-letter.ts';
import { booked, type EpochBook, openBook } from './epoch-book.ts';
import { openWriterState } from './open-writer-state.ts';
import { StepReader } from './read-in-steps.ts';
import type { SeqRange, WriterState, WriterStateFile } from './writer-state.ts';

/**
 * A batch costs the engine as much as some thousand rows, whatever it holds: while batches are not small (a fifth of the most), each collects for twice
 * as long, and costs and merges are nearly halved (decision 024).
 */
const busyShare = 5;
const busyFactor = 2;

export interface TableWriterParts {
  readonly journal: LogAdmin;
  /** Only what live delivery has passed is inserted, so that a checkpoint never lies beyond the mark. */
  readonly live: { readonly mark: number };
  readonly store: Pick<Store, 'insertRows' | 'whenReady'>;
  readonly stateFile: Pick<WriterStateFile, 'read' | 'write'>;
  /** Writes the ids of all up to a seq to disk, before the checkpoint reaches it. */
  readonly keepIds: (seq: number) => void;
  readonly deadLetter: DeadLetter;
  /** The seqs of a range that ClickHouse has already (stored-of.ts). */
  readonly settledOf: (epoch: string, range: SeqRange) => Promise<ReadonlySet<number>>;
  /** Where the state's checkpoint is in doubt: asks ClickHouse for the true one (reconcile.ts). */
  readonly reconcile?: (state: WriterState) => Promise<WriterState>;
  readonly options: { readonly rowsMax: number; readonly bytesMax: number; readonly flushMs: number };
  readonly counters: Pick<Counters, 'inserted' | 'batches' | 'insertFailures' | 'deadLettered' | 'inserts'>;
  readonly log: Log;
}

export interface TableWriter {
  /** Something was handed to live delivery: looks whether a batch is due. Cheap; called once a group. */
  wake(): void;
  readonly phase: string;
  /**
   * Resolves once all that ClickHouse has is at or below the checkpoint, or in the log as well: before that a feed that reads the
   * store up to the checkpoint, and then the log, would miss what a power cut took from the log only (I3). Rejects when the signal aborts.
   */
  whenCertain(signal?: AbortSignal): Promise<void>;
  /** What became of the present epoch's events. */
  readonly book: EpochBook;
  /** Lets an insert under way end, for at most `graceMs`, and stops. */
  stop(graceMs: number): Promise<void>;
}

export function startTableWriter(parts: TableWriterParts): TableWriter {
  const { journal, live, options, counters, log } = parts;
  const stopping = new AbortController();
  let state = openWriterState(parts.stateFile, journal, parts.deadLetter);
  let isDoubtful = parts.reconcile !== undefined;
  let rowsOfLast = 0;
  /** The end of what an earlier process announced, and maybe sent. */
  const announcedBefore = state.range?.last ?? 0;
  const steps = new StepReader(journal);
  const certain$ = new ReplaySubject<void>(1);
  let underWay: Promise<unknown> = Promise.resolve();

  const actor = createActor(
    writerMachine.provide({
      actors: { insertNext: fromPromise(() => track(insertNext().catch(noteFailure))) },
      delays: { flush: () => options.flushMs * (rowsOfLast * busyShare >= options.rowsMax ? busyFactor : 1) },
    }),
  );

  function track<Value>(work: Promise<Value>): Promise<Value> {
    underWay = work.catch(() => undefined);
    return work;
  }

  async function insertNext(): Promise<Remaining> {
    if (!isDoubtful && state.range === null && journal.checkpoint >= live.mark) return 'none';
    await parts.store.whenReady(stopping.signal);
    if (isDoubtful) await reconcileState();
    const rest = await rangeUnderWay();
    if (rest === null && journal.checkpoint >= live.mark) return 'none';
    const chunk = rest ?? (await announce());
    try {
      await send(chunk);
    } catch (error) {
      if (error instanceof RowsRefused) return afterRefusal(chunk, error);
      throw error;
    }
    counters.inserted += chunk.count;
    counters.batches += 1;
    rowsOfLast = chunk.count;
    advance(chunk, 'stored');
    return remaining();
  }

  /** Sends what ClickHouse does not have of it, under the token of the range as it was first sent, also where the journal has lost its end since. */
  async function send(chunk: LogChunk): Promise<void> {
    const { first, last } = state.range ?? chunk;
    const epoch = journal.epochOf(first);
    const isNew = chunk.first > Math.max(announcedBefore, state.maybeStoredUpTo ?? 0);
    const stored = isNew ? null : await parts.settledOf(epoch, chunk);
    if (stored?.size === chunk.count) return;
    const isPartly = stored !== null && stored.size > 0;
    const token = `${epoch}:${first}-${last}${isPartly ? `:without-${stored.size}` : ''}`;
    const startedMs = performance.now();
    try {
      await parts.store.insertRows(isPartly ? withoutSeqs(chunk.rows, stored) : chunk.rows, token);
    } finally {
      counters.inserts.observe((performance.now() - startedMs) / 1000);
    }
    failPoint('insert-taken');
  }

  async function reconcileState(): Promise<void> {
    save((await parts.reconcile?.(state)) ?? state);
    journal.advanceCheckpoint(state.checkpoint);
    isDoubtful = false;
    lookWhetherCertain();
  }

  function lookWhetherCertain(): void {
    if (!isDoubtful && journal.checkpoint >= (state.maybeStoredUpTo ?? 0)) certain$.next();
  }

  /** The store's failures and our own: a state file or dead letter that cannot be written, a journal that cannot be read. */
  function noteFailure(error: unknown): never {
    if (!stopping.signal.aborted) {
      counters.insertFailures += 1;
      log.warn({ err: error, range: state.range }, 'A batch did not get into ClickHouse; it is tried again');
    }
    throw error;
  }

  /** Writes down which range is sent next, before it is sent for the first time. */
  async function announce(): Promise<LogChunk> {
    const upTo = Math.min(live.mark, journal.checkpoint + options.rowsMax, refusedEnd() ?? live.mark);
    const from = journal.checkpoint + 1;
    const chunk =
      journal.recentDay(from, options.bytesMax, upTo) ?? (await steps.readDay(from, options.bytesMax, upTo));
    // The journal may be closed, and its lock given up.
    stopping.signal.throwIfAborted();
    save({ ...state, epoch: journal.epoch, range: { first: chunk.first, last: chunk.last }, everInserted: true });
    failPoint('insert-announced');
    return chunk;
  }

  /** What the journal has of the announced range: all of it, unless a power cut took its end or damage was set aside. */
  async function rangeUnderWay(): Promise<LogChunk | null> {
    const { range } = state;
    if (range === null) return null;
    const isKept = range.last >= journal.oldest;
    const chunk = isKept
      ? await steps.readDay(Math.max(range.first, journal.oldest), Number.MAX_SAFE_INTEGER, range.last)
      : null;
    stopping.signal.throwIfAborted();
    if (chunk !== null && chunk.count > 0) return chunk;
    log.error({ range }, 'the journal has lost the range under way');
    save({ ...state, range: null });
    return null;
  }

  /** Halves a refused range, its halves one after the other; a single refused event goes to the dead letter. */
  function afterRefusal(chunk: LogChunk, refusal: RowsRefused): Remaining {
    if (chunk.count > 1) {
      const last = chunk.first + Math.floor(chunk.count / 2) - 1;
      log.warn(
        { first: chunk.first, last: chunk.last, reason: refusal.message },
        'ClickHouse refuses a batch for its content; halving it',
      );
      const refusedEnds = [...(state.refusedEnds ?? []), chunk.last];
      save({ ...state, range: { first: chunk.first, last }, refusedEnds });
      failPoint('half-announced');
      return 'full';
    }
    const [row = ''] = linesOf(chunk.rows);
    parts.deadLetter.add({ seq: chunk.first, epoch: journal.epochOf(chunk.first), reason: refusal.message, row });
    failPoint('dead-letter-written');
    counters.deadLettered += 1;
    log.error({ seq: chunk.first, reason: refusal.message }, 'an event went to the dead letter');
    advance(chunk, 'deadLettered');
    return remaining();
  }

  function advance({ first, last, rows }: LogChunk, outcome: 'stored' | 'deadLettered'): void {
    parts.keepIds(last);
    const entry = { epoch: journal.epochOf(first), first, last, since: receivedOf(rows) };
    const { refusedEnds, maybeStoredUpTo = 0, ...rest } = state;
    const open = refusedEnds?.filter((end) => end > last) ?? [];
    save({
      ...rest,
      checkpoint: last,
      range: null,
      books: booked(state.books, entry, outcome),
      ...(open.length > 0 && { refusedEnds: open }),
      ...(maybeStoredUpTo > last && { maybeStoredUpTo }),
    });
    failPoint('checkpoint-written');
    journal.advanceCheckpoint(last);
    lookWhetherCertain();
    journal.trimLater();
  }

  /** The end of the narrowest refused range that is not all settled: no insert goes beyond it, in the next process too. */
  function refusedEnd(): number | undefined {
    return state.refusedEnds?.findLast((end) => end > journal.checkpoint);
  }

  function save(next: WriterState): void {
    parts.stateFile.write(next);
    state = next;
  }

  function remaining(): Remaining {
    const rows = live.mark - journal.checkpoint;
    if (rows <= 0) return 'none';
    return rows >= options.rowsMax || refusedEnd() !== undefined ? 'full' : 'some';
  }

  function wake(): void {
    const { value } = actor.getSnapshot();
    if (value !== 'idle' && value !== 'collecting') return;
    const rows = remaining();
    if (rows === 'full') actor.send({ type: 'batch.filled' });
    else if (rows === 'some' && value === 'idle') actor.send({ type: 'rows.waiting' });
  }

  lookWhetherCertain();
  actor.start();
  if (isDoubtful || state.range !== null) actor.send({ type: 'batch.filled' });
  else wake();

  return {
    wake,
    async whenCertain(signal) {
      signal?.throwIfAborted();
      await firstValueFrom(signal === undefined ? certain$ : certain$.pipe(takeUntil(fromEvent(signal, 'abort'))));
    },
    get phase() {
      return actor.getSnapshot().value;
    },
    get book() {
      return state.books.find(({ epoch }) => epoch === journal.epoch) ?? openBook(journal.epoch, journal.firstSeq, '');
    },
    async stop(graceMs) {
      actor.send({ type: 'writer.stopped' });
      stopping.abort();
      let timer: NodeJS.Timeout | undefined;
      const grace = new Promise((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([underWay, grace]);
      clearTimeout(timer);
    },
  };
}
