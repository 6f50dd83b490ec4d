/** A table without lines around it: names in bold, numbers to the right. */
import Table from 'cli-table3';
import { visible } from '../../client/src/visible.ts';
import type { Colors } from '../terminal.ts';

export interface TableColumn {
  readonly name: string;
  readonly isNumber?: true;
  /** Its cells are made here, with colours in them, and hold nothing of an event. */
  readonly isOwn?: true;
}

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** With a line break at its end. */
export function tableText(columns: readonly TableColumn[], rows: readonly string[][], colors: Colors): string {
  const table = new Table({
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    head: columns.map(({ name }) => colors.bold(name)),
    colAligns: columns.map(({ isNumber }) => (isNumber === true ? 'right' : 'left')),
  });
  for (const row of rows) table.push(row.map((cell, at) => (columns[at]?.isOwn === true ? cell : visible(cell))));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}
