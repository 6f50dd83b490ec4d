/**
 * The canonical text of an event that came in, where its labels are needed.
 */
import { isAscii } from 'node:buffer';
import type { IncomingEvent } from '../event-text/incoming-event.ts';

/** How a row ends that has no time of receipt. */
const received = ',"received":""}\n';
const tab = 9;
const noReceipt = { received: '', column: '' };

/** The canonical text, without the time of receipt. */
export function textOf(event: IncomingEvent): string {
  const bytes = Buffer.allocUnsafe(event.rowBytesMax);
  const end = event.writeRow(bytes, 0, 0, noReceipt) - received.length;
  const raw = bytes.subarray(bytes.lastIndexOf(tab, end) + 1, end);
  return `${raw.toString(isAscii(raw) ? 'latin1' : 'utf8')}}`;
}
