/**
 * Asks ClickHouse which events of a spool it has (I11): once it has all that may have left the id window here, and for
 * no more than that, for as long as it takes. A newer question takes the place of the one before.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../base/log.ts';
import { decidingRead, replicasCaughtUp } from '../clickhouse/deciding-reads.ts';
import { boundKeys, hasKey } from '../clickhouse/event-key.ts';
import type { Store } from '../clickhouse/store.ts';
import type { SpooledRow, StoreLookUp } from '../shared-log/carrier-ports.ts';

export interface LookUpParts {
  readonly store: Pick<Store, 'rows' | 'command' | 'layout' | 'whenReady'>;
  /** All events up to it are in ClickHouse, or in the dead letter. */
  readonly checkpoint: () => number;
  /** Answers the question of this turn. */
  readonly answer: (turn: number, known: ReadonlySet<string>) => void;
  readonly log: Log;
}

const pauseMs = 250;

export class SpoolLookUp implements StoreLookUp {
  readonly #parts: LookUpParts;
  #asking = new AbortController();

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
          const known = await this.#known(rows, upTo, signal);
          if (!signal.aborted) this.#parts.answer(turn, known);
          return;
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.log.info({ err: error, waiting: rows.length }, 'old events of the spool wait on');
      }
      await wait(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #known(rows: readonly SpooledRow[], upTo: number, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { store } = this.#parts;
    await replicasCaughtUp(store, signal);
    const params = { ...boundKeys(rows), upTo };
    const found = await store.rows<{ id: string }>(sql, params, { signal, settings: decidingRead });
    return new Set(found.map(({ id }) => id));
  }
}

const sql = `SELECT toString(id) AS id FROM events WHERE seq <= {upTo:UInt64} AND ${hasKey}`;
