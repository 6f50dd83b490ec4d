/**
 * A section of docs/PERFORMANCE.md, and how its rows are picked from a result.
 */
import { at } from './read-json.ts';

/** A row of a table: by column. */
export type Row = Readonly<Record<string, string | number>>;

export interface Section {
  /** The key under which a result holds the case. */
  readonly key: string;
  /** Whether a result of that case is one for this section; without it each is. */
  fits?(found: unknown): boolean;
  readonly title: string;
  readonly text: string;
  rows(found: unknown): readonly Row[];
  /** The column that names a bar, and the one that is its length. */
  readonly plot?: { readonly name: string; readonly value: string; readonly unit: string };
}

/** One row, or none without the value. */
export function rowWhere(value: number | null, row: (value: number) => Row): Row[] {
  return value === null ? [] : [row(value)];
}

/** The fields by their column's name. */
export function picked(value: unknown, columns: Readonly<Record<string, string>>): Row {
  const cells = Object.entries(columns).map(([column, field]) => [column, cellOf(at(value, field))] as const);
  return Object.fromEntries(cells);
}

function cellOf(value: unknown): string | number {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : '';
}
