/**
 * What carries events from the journal into ClickHouse: the table writer, and the look-up of parked events.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import type { OneAtATime } from '../base/one-at-a-time.ts';
import type { Store } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import { startParkedResolver } from '../ingest/resolve-parked.ts';
import type { DeadLetter } from '../table-writer/ports.ts';
import { reconcile } from '../table-writer/reconcile.ts';
import { settledOf } from '../table-writer/stored-of.ts';
import { startTableWriter, type TableWriter } from '../table-writer/table-writer.ts';
import type { WriterState } from '../table-writer/writer-state.ts';
import type { IntakeParts, OwnIntake } from './open-intake.ts';

export interface WritingParts {
  readonly config: Pick<Config, 'batchRowsMax' | 'batchBytesMax' | 'flushMs'>;
  readonly intake: OwnIntake;
  readonly store: Store;
  readonly state: WriterState;
  readonly deadLetter: DeadLetter;
  readonly counters: Counters;
  readonly log: Log;
}

export function startWriter({ config, intake, store, state, deadLetter, counters, log }: WritingParts): TableWriter {
  const { journal, live, ids, stateStore } = intake;
  return startTableWriter({
    journal,
    live,
    store,
    state,
    stateStore,
    keepIds: ids.keepIds,
    deadLetter,
    settledOf: (epoch, range) => settledOf(store, epoch, range),
    trustsTokens: () => store.layout.isReplicated,
    ...(intake.isInDoubt && {
      reconcile: (doubted: WriterState) => reconcile({ journal, store, deadLetter, ids, log }, doubted),
    }),
    options: { rowsMax: config.batchRowsMax, bytesMax: config.batchBytesMax, flushMs: config.flushMs },
    counters,
    log,
  });
}

export function startResolver(
  { intake, store, log }: Pick<WritingParts, 'store' | 'log'> & { readonly intake: IntakeParts },
  lookUps: OneAtATime,
) {
  return startParkedResolver({
    alone: (work, signal) => lookUps.run(work, signal),
    parked: intake.parked,
    window: intake.ids.window,
    unpark: intake.intake.unpark,
    store,
    pause: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
    log,
  });
}
