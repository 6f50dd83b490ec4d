/** The command that follows: tail. */
import type { CommandRow } from '../command-row.ts';
import { connectionOptions, filterOptions, windowOptions } from '../options.ts';
import { outputOptions } from '../out/event-writer.ts';

export const tailRow: CommandRow = {
  name: 'tail',
  words: '[filter...]',
  summary: 'show events as they come; after a break it goes on behind the last one by itself',
  isEndless: true,
  options: [
    ...filterOptions,
    ...windowOptions,
    { flags: '-n, --lines <n>', help: 'begin with the newest n events, or a few more' },
    { flags: '--until-caught-up', help: 'end where nothing more is stored' },
    { flags: '--count <n>', help: 'end after n events' },
    { flags: '--checkpoint <file>', help: 'go on behind what this file says, and keep it up to date' },
    {
      flags: '--on-gap <way>',
      help: 'where events may be missing: fail (exit code 3) or warn',
      choices: ['fail', 'warn'],
      fallback: 'fail',
    },
    ...outputOptions,
    ...connectionOptions,
  ],
  examples: [
    { words: 'sluice tail event:door.* region=eu', says: 'What comes from now on' },
    { words: 'sluice tail --since 10m --until-caught-up -o ndjson', says: 'All of the last ten minutes, then end' },
    {
      words: 'sluice tail --checkpoint doors.checkpoint -o ndjson >> doors.ndjson',
      says: 'Stopped and started again, it misses nothing',
    },
    { words: "sluice tail -t '{occurred} {resource.id} {label[region]}'", says: 'Lines of your own making' },
  ],
  run: async (call) => (await import('../run/tail.ts')).runTail(call),
};
