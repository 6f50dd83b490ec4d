/**
 * Which mutant is awake in this process, by `SLUICE_MUTANT`; with `SLUICE_MUTANTS_SEEN` (a file) none is, and who is
 * passed is noted.
 */
import { appendFileSync } from 'node:fs';

const awake = Number(process.env['SLUICE_MUTANT'] ?? 0);
const notes = process.env['SLUICE_MUTANTS_SEEN'] ?? '';
const seen = new Set<number>();

export function isMutant(number: number): boolean {
  if (notes !== '') note(number);
  return number === awake;
}

function note(number: number): void {
  if (seen.has(number)) return;
  seen.add(number);
  appendFileSync(notes, `${number}\n`);
}
