/** `sluice count WHAT`: how many events, as a table with bars, with a sparkline over time, or as the server's list. */
import type { CountBy, CountOptions } from '../../client/src/count.ts';
import { SluiceError } from '../../client/src/errors.ts';
import type { EventFilter } from '../../client/src/event-filter.ts';
import type { Count } from '../../schemas/count.ts';
import { type Call, textOption } from '../command-row.ts';
import { CommandError, exitCodes, UsageError } from '../exit-codes.ts';
import { wholeNumber } from '../options.ts';
import { bar, sparkline } from '../out/bars.ts';
import { tableText } from '../out/table.ts';
import { cutTo } from '../out/text-line.ts';
import { visible } from '../out/visible.ts';
import { readFilter } from '../read-filter.ts';
import { askFor } from '../target.ts';
import type { Terminal } from '../terminal.ts';
import { fittingWidth, readWidth } from './bucket-width.ts';

const topOnTerminal = 20;
const dayMs = 86_400_000;
const barColumnsMax = 40;
/** A longer name is cut beside its bar. */
const nameColumnsMax = 50;

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
  const asked = isOverTime ? timeQuestion(call, by, filter, nowMs) : { filter, options: {} };
  const options: CountOptions = { ...asked.options, signal: call.signal, ...(!isOverTime && { limit: top }) };
  const sluice = await askFor(call);
  const all = await sluice.count(by, asked.filter, options).catch((error: unknown) => refuseLabel(by, error));
  // A Prefect server knows no limit.
  const counts = isOverTime ? all : all.slice(0, top);
  const totalOf = async (groups: readonly Count[]): Promise<number> =>
    groups.length === top ? sluice.query(asked.filter, { signal: call.signal }).total() : sumOf(groups);
  if (isJson) await call.terminal.print(`${JSON.stringify(counts)}\n`);
  else if (isOverTime) await showTimes(counts, call.terminal);
  else await showGroups(counts, await totalOf(counts), by, call.terminal);
  if (top !== undefined && counts.length === top && !isOverTime) {
    call.terminal.notice(`only the ${top} largest groups are shown; --top N shows more`);
  }
  return exitCodes.ok;
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
): { filter: EventFilter; options: CountOptions } {
  const width = textOption(call, 'by');
  if (by === 'day') {
    if (width !== undefined) throw new UsageError('--by is for `count time`; days are a day wide.');
    return { filter, options: {} };
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

async function showTimes(counts: readonly Count[], terminal: Terminal): Promise<void> {
  const values = counts.map(({ count }) => count);
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  const room = Math.min(barColumnsMax, terminal.columns - 36);
  const rows = counts.map(({ start_time: start, count }) => [
    start.replace(/:00Z$/, 'Z'),
    String(count),
    terminal.colors.cyan(bar(count, largest, room)),
  ]);
  await terminal.print(
    tableText([{ name: 'from' }, { name: 'events', isNumber: true }, { name: '', isOwn: true }], rows, terminal.colors),
  );
  await terminal.print(`\n${terminal.colors.cyan(sparkline(values, terminal.columns))}\n${sumOf(counts)} events\n`);
}

async function showGroups(counts: readonly Count[], total: number, by: CountBy, terminal: Terminal): Promise<void> {
  const largest = counts.reduce((most, { count }) => Math.max(most, count), 0);
  const widest = counts.reduce((most, { value }) => Math.max(most, value.length), by.length);
  const nameColumns = Math.min(widest, Math.max(20, Math.min(nameColumnsMax, terminal.columns - 30)));
  const room = Math.min(barColumnsMax, terminal.columns - nameColumns - 24);
  const rows = counts.map(({ value, count }) => [
    terminal.isInteractive ? cutTo(visible(value), nameColumns) : value,
    String(count),
    `${((100 * count) / total).toFixed(1)} %`,
    terminal.colors.cyan(bar(count, largest, room)),
  ]);
  const columns = [
    { name: by.replace(/^label:/, '') },
    { name: 'events', isNumber: true as const },
    { name: 'share', isNumber: true as const },
    { name: '', isOwn: true as const },
  ];
  await terminal.print(tableText(columns, rows, terminal.colors));
}

function sumOf(counts: readonly Count[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}
