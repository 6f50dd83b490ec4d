/** What counts look like for people: a table with bars, over time with a sparkline. */
import type { CountBy } from '../../client/src/count.ts';
import { visible } from '../../client/src/visible.ts';
import type { Count } from '../../schemas/count.ts';
import type { Terminal } from '../terminal.ts';
import { bar, sparkline } from './bars.ts';
import { tableText } from './table.ts';
import { cutTo } from './text-line.ts';

const barColumnsMax = 40;
/** A longer name is cut beside its bar. */
const nameColumnsMax = 50;

export function timesText(counts: readonly Count[], terminal: Terminal): string {
  const values = counts.map(({ count }) => count);
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  const room = Math.min(barColumnsMax, terminal.columns - 36);
  const rows = counts.map(({ start_time: start, count }) => [
    start.replace(/:00Z$/, 'Z'),
    String(count),
    terminal.colors.cyan(bar(count, largest, room)),
  ]);
  const columns = [{ name: 'from' }, { name: 'events', isNumber: true as const }, { name: '', isOwn: true as const }];
  const table = tableText(columns, rows, terminal.colors);
  return `${table}\n${terminal.colors.cyan(sparkline(values, terminal.columns))}\n${sumOf(counts)} events\n`;
}

/** Without a total there are no shares. `name` is that of what was counted by. */
export function groupsText(counts: readonly Count[], total: number | null, name: string, terminal: Terminal): string {
  const largest = counts.reduce((most, { count }) => Math.max(most, count), 0);
  const widest = counts.reduce((most, { value }) => Math.max(most, value.length), name.length);
  const nameColumns = Math.min(widest, Math.max(20, Math.min(nameColumnsMax, terminal.columns - 30)));
  const room = Math.min(barColumnsMax, terminal.columns - nameColumns - 24);
  const rows = counts.map(({ value, count }) => [
    terminal.isInteractive ? cutTo(visible(value), nameColumns) : value,
    String(count),
    ...(total === null ? [] : [`${((100 * count) / total).toFixed(1)} %`]),
    terminal.colors.cyan(bar(count, largest, room)),
  ]);
  const columns = [
    { name },
    { name: 'events', isNumber: true as const },
    ...(total === null ? [] : [{ name: 'share', isNumber: true as const }]),
    { name: '', isOwn: true as const },
  ];
  return tableText(columns, rows, terminal.colors);
}

/** What was counted by, as a column's name. */
export function nameOf(by: CountBy): string {
  return by.replace(/^label:/, '');
}

export function sumOf(counts: readonly Count[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}
