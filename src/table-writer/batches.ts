/**
 * Which rows are sent next: the range that was announced and is not settled, or the next one, which is announced first.
 */
import type { Remaining } from '../../actors/writer.ts';
import type { Log } from '../base/log.ts';
import type { LogChunk, LogReader } from '../event-log/log-reader.ts';
import type { Ledger } from './ledger.ts';
import { StepReader } from './read-in-steps.ts';

export interface BatchesParts {
  readonly journal: LogReader;
  /** Only what live delivery has passed is inserted, so that a checkpoint never lies beyond the mark. */
  readonly live: { readonly mark: number };
  readonly options: { readonly rowsMax: number; readonly bytesMax: number };
  readonly log: Log;
}

export class Batches {
  readonly #parts: BatchesParts;
  readonly #ledger: Ledger;
  readonly #steps: StepReader;
  readonly #stopping: AbortSignal;

  constructor(parts: BatchesParts, ledger: Ledger, stopping: AbortSignal) {
    this.#parts = parts;
    this.#ledger = ledger;
    this.#steps = new StepReader(parts.journal, parts.options.bytesMax);
    this.#stopping = stopping;
  }

  /** Null if nothing waits. Its rows are good until the next is asked for. */
  async next(): Promise<LogChunk | null> {
    return (await this.#underWay()) ?? (this.isEmpty ? null : await this.#announced());
  }

  get isEmpty(): boolean {
    return this.#parts.journal.checkpoint >= this.#parts.live.mark;
  }

  get remaining(): Remaining {
    const rows = this.#parts.live.mark - this.#parts.journal.checkpoint;
    if (rows <= 0) return 'none';
    return rows >= this.#parts.options.rowsMax || this.#ledger.refusedEnd !== undefined ? 'full' : 'some';
  }

  async #announced(): Promise<LogChunk> {
    const { journal, live, options } = this.#parts;
    const upTo = Math.min(live.mark, journal.checkpoint + options.rowsMax, this.#ledger.refusedEnd ?? live.mark);
    const from = journal.checkpoint + 1;
    const chunk =
      journal.recentDay(from, options.bytesMax, upTo) ?? (await this.#steps.readDay(from, options.bytesMax, upTo));
    // The journal may be closed, and its lock given up.
    this.#stopping.throwIfAborted();
    await this.#ledger.announce(chunk);
    return chunk;
  }

  /** What the log has of the announced range: all of it, unless a power cut took its end or damage was set aside. */
  async #underWay(): Promise<LogChunk | null> {
    const { range } = this.#ledger.state;
    if (range === null) return null;
    const { journal, log } = this.#parts;
    const isKept = range.last >= journal.oldest;
    const chunk = isKept
      ? await this.#steps.readDay(Math.max(range.first, journal.oldest), Number.MAX_SAFE_INTEGER, range.last)
      : null;
    this.#stopping.throwIfAborted();
    if (chunk !== null && chunk.count > 0) return chunk;
    log.error({ range }, 'the journal has lost the range under way');
    await this.#ledger.dropRange();
    return null;
  }
}
