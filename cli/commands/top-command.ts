/** The command that watches a server: top. */
import type { CommandRow } from '../command-row.ts';
import { connectionOptions } from '../options.ts';

export const topRow: CommandRow = {
  name: 'top',
  words: '',
  summary: 'watch a server: rates, lag, books, slowest subscribers, engine; full screen on a terminal',
  isEndless: true,
  options: [
    { flags: '--every <time>', help: 'between two looks', fallback: '2s' },
    { flags: '--once', help: 'two looks, one picture, and end; as without a terminal' },
    ...connectionOptions,
  ],
  examples: [
    { words: 'sluice top', says: 'Until q or Ctrl-C' },
    { words: 'sluice top --once > state.txt', says: 'One picture for a file' },
  ],
  run: async (call) => (await import('../run/top.ts')).runTop(call),
};
