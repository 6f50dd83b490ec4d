/**
 * The id window after a start (I11), from the id files and the journal's tail, never from ClickHouse: intake works with
 * the store down. What neither has any more counts as forgotten.
 */
import { type FilePort, nodeFiles } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import type { LogReader } from '../event-log/log-reader.ts';
import { wholeSeconds } from '../filter/whole-seconds.ts';
import { ForgottenIds, type ForgottenState } from './forgotten-ids.ts';
import { IdFiles } from './id-files.ts';
import { IdWindow } from './id-window.ts';

export interface RecoverIdsOptions {
  /** The data folder. */
  readonly dataDir: string;
  readonly idWindowIdsMax: number;
  readonly durability: 'process' | 'fsync';
  /** What the table writer's state says; the journal's own may lie further, at an epoch's end. */
  readonly checkpoint: number;
  /** ClickHouse may have events that neither the journal nor the id files know of: see reconcile.ts. */
  readonly isInDoubt?: boolean;
  /** Wall clock, in ms. */
  readonly now: () => number;
  readonly log: Log;
}

export interface RecoveredIds {
  readonly window: IdWindow;
  /**
   * Writes the ids of all up to `seq` to disk: to be called before the checkpoint reaches it. Throws what the disk
   * throws.
   */
  keepIds(seq: number): void;
  /** Of all up to this seq the ids are in the window, or known to be forgotten. */
  readonly certainUpTo: number;
  /**
   * What was in doubt is forgotten by these times, for good, and nothing is in doubt any more. Throws what the disk
   * throws.
   */
  learn(state: ForgottenState): void;
  close(): void;
}

/** A smaller window than any must hold what is read between two writes. */
const idsPerWrite = 500;

export type Scannable = Pick<LogReader, 'checkpoint' | 'firstSeq' | 'oldest' | 'newestUpTo' | 'scanIds'>;

export function recoverIds(journal: Scannable, options: RecoverIdsOptions, port: FilePort = nodeFiles): RecoveredIds {
  const { idWindowIdsMax: idsMax, durability, log } = options;
  const forgotten = new ForgottenIds();
  const files = new IdFiles({ directory: options.dataDir, idsMax, sync: durability === 'fsync', log }, port);
  let isLoading = true;
  const window = new IdWindow({
    idsMax,
    // No id is let go that is in no file yet.
    checkpoint: () => (isLoading ? journal.checkpoint : Math.min(journal.checkpoint, files.keptUpTo)),
    forgotten,
  });
  const hasFiles = files.load(window, forgotten);
  isLoading = false;
  dropUncertain(journal, files, window, forgotten, options.checkpoint);
  const certainUpTo = files.keptUpTo;
  const isGap = hasFiles ? isBehind(journal, files) : journal.oldest !== journal.firstSeq;
  const loseUpTo = (upTo: number) => {
    log.warn({ upTo }, 'older ids are not known: events that occurred before are looked up in ClickHouse');
    lose(files, forgotten, files.keptUpTo, { upTo, ranges: [] });
  };
  const isEmpty = scanTail(journal, files, window, (received) => isGap && loseUpTo(received)) === 0;
  if (isGap && isEmpty) loseUpTo(Math.ceil(options.now() / 1000));
  files.keep(window, journal.checkpoint);
  forgotten.isUnknown = options.isInDoubt ?? false;
  return {
    window,
    certainUpTo,
    keepIds: (seq) => files.keep(window, seq),
    learn(state) {
      lose(files, forgotten, files.keptUpTo, state);
      forgotten.isUnknown = false;
    },
    close: () => files.close(),
  };
}

/** ClickHouse may have some of what a power cut took from the journal's end: only it can tell. */
function dropUncertain(
  journal: Scannable,
  files: IdFiles,
  window: IdWindow,
  forgotten: ForgottenIds,
  checkpoint: number,
): void {
  const certain = Math.max(checkpoint, journal.newestUpTo(files.keptUpTo));
  if (files.keptUpTo <= certain) return;
  const lost = new ForgottenIds();
  window.visit(certain, Number.POSITIVE_INFINITY, ({ received, aheadMinute }) => lost.forget(received, aheadMinute));
  window.rollBack(certain);
  lose(files, forgotten, certain, lost.state());
}

function lose(files: IdFiles, forgotten: ForgottenIds, above: number, state: ForgottenState): void {
  forgotten.merge(state);
  files.noteLost(above, state);
}

/** Whether events lie between the id files' end and the journal's beginning. Between two epochs no seq was given. */
function isBehind(journal: Scannable, files: IdFiles): boolean {
  return journal.oldest > files.keptUpTo + 1 && (journal.oldest !== journal.firstSeq || files.isDamaged);
}

/**
 * Adds what the journal has above the id files; tells when the first of it was received, before it is added. Gives how
 * many.
 */
function scanTail(journal: Scannable, files: IdFiles, window: IdWindow, tellFirst: (received: number) => void): number {
  const after = files.keptUpTo;
  let added = 0;
  journal.scanIds((id, occurred, seq, received, tag) => {
    if (seq <= after) return;
    const seconds = wholeSeconds(received);
    if (added === 0) tellFirst(seconds);
    window.add(id, seq, seconds, wholeSeconds(occurred), tag);
    added += 1;
    if (added % idsPerWrite === 0) files.keep(window, Math.min(seq, journal.checkpoint));
  }, after);
  return added;
}
