/** An event as one record of CSV (RFC 4180). Cells that a spreadsheet would take for a formula get a `'` in front. */
import type { ShownEvent } from './shown-event.ts';

export const csvHeader = 'occurred,received,id,event,resource_id,labels,related,payload';

export function csvLine(event: ShownEvent): string {
  const { occurred, received, id, event: name } = event.parsed;
  const labels = JSON.stringify(Object.fromEntries(event.labels));
  return csvRecord([
    occurred,
    received,
    id ?? '',
    name,
    event.resourceId,
    labels,
    event.raw['related'] ?? '[]',
    event.payload,
  ]);
}

export function csvRecord(cells: readonly string[]): string {
  return cells.map(csvCell).join(',');
}

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
