/** Every command of the command line, in the order of the help. */
import type { CommandRow } from './command-row.ts';
import { completionRow } from './commands/completion-command.ts';
import { doctorRow } from './commands/doctor-command.ts';
import { forwardRow, replayRow } from './commands/move-commands.ts';
import { countRow, exportRow, getRow, queryRow } from './commands/query-commands.ts';
import { emitRow, importRow } from './commands/send-commands.ts';
import { serverRows } from './commands/server-commands.ts';
import { tailRow } from './commands/tail-command.ts';
import { topRow } from './commands/top-command.ts';

export const commandRows: readonly CommandRow[] = [
  tailRow,
  emitRow,
  queryRow,
  getRow,
  countRow,
  exportRow,
  importRow,
  replayRow,
  forwardRow,
  topRow,
  doctorRow,
  ...serverRows,
  completionRow(() => commandRows),
];
