/**
 * What is left of the row of an event that was given up, with the labels of its resource alone: so much tells its
 * repeats, and that its seq is no hole.
 */
import { labelsOf } from '../event-log/resource-labels.ts';
import { formatRow, splitRow } from '../event-log/row.ts';

/** Both without a line feed. */
export function droppedRow(line: string): string {
  const row = splitRow(line);
  const labels = JSON.stringify(Object.fromEntries(labelsOf(row.raw)));
  return formatRow({ ...row, head: 0, search: '', raw: `{"id":"${row.id}","resource":${labels}}` }).slice(0, -1);
}
