/** `sluice count WHAT`: how many events, as a table with bars, with a sparkline over time, or as the server's list. */
import type { CountBy, CountOptions } from '../../client/src/count.ts';
import { SluiceError } from '../../client/src/errors.ts';
import type { EventFilter } from '../../client/src/event-filter.ts';
import type { Count } from '../../schemas/count.ts';
import { type Call, hasOption, textOption } from '../command-row.ts';
import { CommandError, exitCodes, UsageError } from '../exit-codes.ts';
import { durationOption, wholeNumber } from '../options.ts';
import { groupsText, nameOf, sumOf, timesText } from '../out/count-text.ts';
import { readFilter } from '../read-filter.ts';
import { askFor } from '../target.ts';
import { fittingWidth, readWidth } from './bucket-width.ts';
import { runWatch } from './watch-count.ts';

const topOnTerminal = 20;
const dayMs = 86_400_000;

export async function runCount(call: Call): Promise<number> {
  const [what = '', ...words] = call.words;
  const by = countBy(what);
  const isOverTime = by === 'time' || by === 'day';
  const nowMs = Date.now();
  const filter = readFilter(call, nowMs, words);
  const isJson = textOption(call, 'output') === 'json';
  const top = wholeNumber(call, 'top', '--top') ?? (call.terminal.isInteractive && !isJson ? topOnTerminal : undefined);
  if (isOverTime && textOption(call, 'top') !== undefined) {
    throw new UsageError(`--top is for groups; of ${by} all buckets are shown.`);
  }
  const lastMs = lastOf(call, filter);
  const asked = isOverTime ? timeQuestion(call, by, filter, nowMs, lastMs) : { filter, options: {} };
  const options: CountOptions = { ...asked.options, signal: call.signal, ...(!isOverTime && { limit: top }) };
  if (hasOption(call, 'watch')) {
    return runWatch(call, { by, filter: asked.filter, options: { ...options, last: textOption(call, 'last') }, top });
  }
  const sluice = await askFor(call);
  const all = await sluice.count(by, asked.filter, options).catch((error: unknown) => refuseLabel(by, error));
  // A Prefect server knows no limit.
  const counts = isOverTime ? all : all.slice(0, top);
  const totalOf = async (groups: readonly Count[]): Promise<number> =>
    groups.length === top ? sluice.query(asked.filter, { signal: call.signal }).total() : sumOf(groups);
  if (isJson) await call.terminal.print(`${JSON.stringify(counts)}\n`);
  else if (isOverTime) await call.terminal.print(timesText(counts, call.terminal));
  else await call.terminal.print(groupsText(counts, await totalOf(counts), nameOf(by), call.terminal));
  if (top !== undefined && counts.length === top && !isOverTime) {
    call.terminal.notice(`only the ${top} largest groups are shown; --top N shows more`);
  }
  return exitCodes.ok;
}

/** Milliseconds of a window that slides. Throws UsageError. */
function lastOf(call: Call, filter: EventFilter): number | undefined {
  const lastMs = durationOption(call, 'last', '--last');
  if (lastMs === undefined) return undefined;
  if (!hasOption(call, 'watch'))
    throw new UsageError('--last is a window that slides: it goes with --watch. Else use --since.');
  if (filter.occurred !== undefined) throw new UsageError('--last goes without --since and --until.');
  return lastMs;
}

/** A Prefect server takes a label for a mistake. */
function refuseLabel(by: CountBy, error: unknown): never {
  const isUnknown = error instanceof SluiceError && error.status === 422 && error.message.includes('countable');
  if (by.startsWith('label:') && isUnknown) {
    throw new CommandError('This server cannot count by labels: only a Sluice can.', exitCodes.error, { cause: error });
  }
  throw error;
}

function countBy(what: string): CountBy {
  if (what === 'time' || what === 'day' || what === 'event' || what === 'resource') return what;
  if (what.startsWith('label:') && what.length > 'label:'.length) return what as CountBy; // just seen
  throw new UsageError(`Count by time, day, event, resource or label:NAME, not by "${what}".`);
}

/** Counts by time are of the last day where no window is given. Their buckets fit the window. */
function timeQuestion(
  call: Call,
  by: 'time' | 'day',
  filter: EventFilter,
  nowMs: number,
  lastMs: number | undefined,
): { filter: EventFilter; options: CountOptions } {
  const width = textOption(call, 'by');
  if (by === 'day') {
    if (width !== undefined) throw new UsageError('--by is for `count time`; days are a day wide.');
    return { filter, options: {} };
  }
  if (lastMs !== undefined) {
    const { unit, interval } = width === undefined ? fittingWidth(lastMs) : readWidth(width);
    return { filter, options: { timeUnit: unit, timeInterval: interval } };
  }
  const since = filter.occurred?.since ?? new Date(nowMs - dayMs).toISOString();
  const windowMs =
    (filter.occurred?.until === undefined ? nowMs : Date.parse(filter.occurred.until)) - Date.parse(since);
  const { unit, interval } = width === undefined ? fittingWidth(windowMs) : readWidth(width);
  return {
    filter: { ...filter, occurred: { ...filter.occurred, since } },
    options: { timeUnit: unit, timeInterval: interval },
  };
}
