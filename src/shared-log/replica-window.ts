/**
 * The ids that were accepted last, as every replica must have them: never more than so many, and none that is older
 * than so long at the newest time of receipt.
 */
import type { LogReader, VisitId } from '../event-log/log-reader.ts';
import { wholeSeconds } from '../filter/whole-seconds.ts';
import { ForgottenIds } from '../ids/forgotten-ids.ts';
import { IdWindow } from '../ids/id-window.ts';

export interface WindowBounds {
  readonly idsMax: number;
  readonly idsMs: number;
}

/**
 * Lets go what is too old at a time of receipt, in whole seconds since 1970: to be called before an id is looked up.
 */
export function letGoOld(
  window: Pick<IdWindow, 'letGoReceivedBefore'>,
  receivedSeconds: number,
  { idsMs }: WindowBounds,
): void {
  window.letGoReceivedBefore(receivedSeconds - Math.floor(idsMs / 1000));
}

/**
 * From what a log holds. An id that had left may have come again: it leaves here at the same event, for else its first
 * seq would stay.
 */
export function windowOf(log: Pick<LogReader, 'scanIds'>, bounds: WindowBounds): IdWindow {
  const everything = (): number => Number.POSITIVE_INFINITY;
  const window = new IdWindow({ idsMax: bounds.idsMax, checkpoint: everything, forgotten: new ForgottenIds() });
  log.scanIds((id, occurred, seq, received, tag) => addLogged(window, bounds, id, occurred, seq, received, tag));
  return window;
}

/** Adds the next event of a log, as `scanIds` gives it. */
export function addLogged(
  window: Pick<IdWindow, 'letGoReceivedBefore' | 'add'>,
  bounds: WindowBounds,
  ...[id, occurred, seq, received, tag]: Parameters<VisitId>
): void {
  const seconds = wholeSeconds(received);
  letGoOld(window, seconds, bounds);
  window.add(id, seq, seconds, wholeSeconds(occurred), tag);
}
