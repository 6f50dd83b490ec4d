/**
 * The parts of a filter as the table of docs/PROTOCOL.md.
 */
import { filterParts, partNames } from './filter-parts.ts';

/** Markdown. `npm run docs` writes it. */
export function filterTable(): string {
  const rows = partNames.map((name) => `| \`${filterParts[name].name}\` | ${filterParts[name].about} |`);
  return ['| part | which events fit |', '|---|---|', ...rows].join('\n');
}
