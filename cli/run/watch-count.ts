/** `sluice count WHAT --watch`: the counts as they change, drawn anew on a terminal, else a line of JSON for each. */
import type { CountBy } from '../../client/src/count.ts';
import type { EventFilter } from '../../client/src/event-filter.ts';
import type { LiveCount, WatchCountOptions } from '../../client/src/watch-count.ts';
import { type Call, textOption } from '../command-row.ts';
import { exitCodes } from '../exit-codes.ts';
import { groupsText, nameOf, sumOf, timesText } from '../out/count-text.ts';
import { alternateScreen, backToScreen, screenOf, screenRows } from '../out/screen.ts';
import { connectFor } from '../target.ts';

export interface Watch {
  readonly by: CountBy;
  readonly filter: EventFilter;
  readonly options: WatchCountOptions;
  /** Only so many groups are asked for. */
  readonly top: number | undefined;
}

/** Until it is interrupted. */
export async function runWatch(call: Call, watch: Watch): Promise<number> {
  const { terminal, signal } = call;
  const isDrawn = terminal.isInteractive && textOption(call, 'output') !== 'json';
  const sluice = await connectFor(call);
  if (isDrawn) await terminal.print(alternateScreen);
  try {
    for await (const state of sluice.watchCount(watch.by, watch.filter, watch.options)) {
      await terminal.print(isDrawn ? picture(call, watch, state) : `${JSON.stringify(state)}\n`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    if (isDrawn) await terminal.print(backToScreen);
  }
  return exitCodes.ok;
}

/** The first lines of it, as many as fit. */
function picture({ terminal }: Call, { by, top }: Watch, { since, until, counts }: LiveCount): string {
  const rows = screenRows(terminal);
  const isOverTime = by === 'time' || by === 'day';
  const total = counts.length === top ? null : sumOf(counts);
  // Of buckets the newest are looked at.
  const shown = isOverTime ? counts.slice(-Math.max(1, rows - 6)) : counts;
  const text = isOverTime ? timesText(shown, terminal) : groupsText(shown, total, nameOf(by), terminal);
  const title = terminal.colors.dim(`${since} to ${until.slice(0, 19)}Z`);
  return screenOf([title, ...text.trimEnd().split('\n')].slice(0, rows));
}
