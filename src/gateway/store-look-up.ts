/**
 * Asks ClickHouse and the dead letter which events of a spool they have (I11): once they have all that may have left
 * the id window here, and for no more than that, for as long as it takes. A newer question takes the place of the one
 * before.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../base/log.ts';
import type { Store } from '../clickhouse/store.ts';
import { labelsOf } from '../event-log/resource-labels.ts';
import { splitRow } from '../event-log/row.ts';
import { carries } from '../event-log/taken-id.ts';
import { askStore } from '../ingest/ask-store.ts';
import type { SpooledRow, StoreLookUp, StoreWord } from '../shared-log/carrier-ports.ts';
import type { DeadEvent } from '../table-writer/ports.ts';
import type { DeadIds } from './shared-dead-letter.ts';

export interface LookUpParts {
  readonly store: Pick<Store, 'rows' | 'command' | 'layout' | 'whenReady'>;
  readonly dead: DeadIds;
  /** All events up to it are in ClickHouse, or in the dead letter. */
  readonly checkpoint: () => number;
  /** Answers the question of this turn. */
  readonly answer: (turn: number, words: ReadonlyMap<number, StoreWord>) => void;
  readonly log: Log;
}

const pauseMs = 250;
const rowsMax = 1_000;

export class SpoolLookUp implements StoreLookUp {
  readonly #parts: LookUpParts;
  #asking = new AbortController();
  /** Of one statement: fewer where the store, or a proxy before it, takes no longer ones. */
  #rowsMax = rowsMax;

  constructor(parts: LookUpParts) {
    this.#parts = parts;
  }

  lookUp(rows: readonly SpooledRow[], upTo: number, turn: number): void {
    this.#asking.abort();
    this.#asking = new AbortController();
    void this.#ask(rows, upTo, turn, this.#asking.signal);
  }

  stop(): void {
    this.#asking.abort();
  }

  async #ask(rows: readonly SpooledRow[], upTo: number, turn: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#parts.store.whenReady(signal);
        if (this.#parts.checkpoint() >= upTo) {
          const words = await this.#wordsFor(rows, upTo, signal);
          if (!signal.aborted) this.#parts.answer(turn, words);
          return;
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#rowsMax = Math.max(1, Math.floor(this.#rowsMax / 2));
        this.#parts.log.info({ err: error, waiting: rows.length }, 'old events of the spool wait on');
      }
      await wait(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #wordsFor(
    rows: readonly SpooledRow[],
    upTo: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, StoreWord>> {
    const words = new Map<number, StoreWord>();
    // Before ClickHouse: what leaves the dead letter is there by then.
    const dead = await this.#deadOf(rows, upTo);
    for (let at = 0; at < rows.length; ) {
      const some = rows.slice(at, at + this.#rowsMax);
      const answerOf = await askStore(this.#parts.store, some, signal, upTo);
      for (const row of some) {
        const answer = answerOf(row);
        const word = answer === 'new' ? wordOf(dead.get(row.id), row) : answer;
        if (word !== null) words.set(row.seq, word);
      }
      at += some.length;
    }
    this.#rowsMax = Math.min(rowsMax, this.#rowsMax * 2);
    return words;
  }

  /** Those of the dead letter that came first with the ids of these rows. */
  async #deadOf(rows: readonly SpooledRow[], upTo: number): Promise<ReadonlyMap<string, DeadEvent>> {
    const seqs = await this.#parts.dead.ids();
    if (seqs.size === 0) return new Map();
    const wanted = new Set(rows.map(({ id }) => seqs.get(id)).filter((seq) => seq !== undefined && seq <= upTo));
    const found = await this.#parts.dead.among((seq) => wanted.has(seq));
    return new Map([...found.values()].map((event) => [splitRow(event.row).id, event]));
  }
}

/** Which label was forced is not known of it: an event that carries the sender's is its own. */
function wordOf(dead: DeadEvent | undefined, { tag }: SpooledRow): StoreWord | null {
  if (dead === undefined) return null;
  return tag === 0 || carries(labelsOf(splitRow(dead.row).raw), tag) ? 'repeat' : 'taken';
}
