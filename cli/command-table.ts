/** Every command of the command line, in the order of the help. */
import type { CommandRow } from './command-row.ts';
import { countRow, exportRow, getRow, queryRow } from './commands/query-commands.ts';
import { serverRows } from './commands/server-commands.ts';

export const commandRows: readonly CommandRow[] = [queryRow, getRow, countRow, exportRow, ...serverRows];
