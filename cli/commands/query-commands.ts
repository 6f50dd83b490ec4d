/** The commands that ask: query, get, count, export. */
import type { CommandRow } from '../command-row.ts';
import { connectionOptions, filterOptions, windowOptions } from '../options.ts';
import { outputOptions } from '../out/event-writer.ts';

export const queryRow: CommandRow = {
  name: 'query',
  words: '[filter...]',
  summary: 'ask for stored events, the newest first',
  options: [
    ...filterOptions,
    ...windowOptions,
    ...outputOptions,
    { flags: '--order <order>', help: 'asc for the oldest first', choices: ['asc', 'desc'], fallback: 'desc' },
    { flags: '--limit <n>', help: 'at most so many events (50)' },
    { flags: '--all', help: 'all of them, however many' },
    ...connectionOptions,
  ],
  examples: [
    {
      words: 'sluice query event:door.* region=eu --since 1h',
      says: 'The newest 50 of doors in eu within the last hour',
    },
    {
      words: 'sluice query -e door.opened -o csv --all > doors.csv',
      says: 'All of one name, as a table for a spreadsheet',
    },
    { words: "sluice query -t '{occurred} {resource.id} {payload.by}'", says: 'Lines of your own making' },
  ],
  run: async (call) => (await import('../run/query.ts')).runQuery(call),
};

export const getRow: CommandRow = {
  name: 'get',
  words: '<id>',
  summary: 'show one event, whole',
  options: [
    {
      flags: '-o, --output <form>',
      help: 'json (indented) or ndjson (as stored)',
      choices: ['json', 'ndjson'],
      fallback: 'json',
    },
    ...windowOptions,
    ...connectionOptions,
  ],
  examples: [
    { words: 'sluice get 0b5f3cde-7a52-4f8b-9a5a-6f0a4c0f2d11', says: 'An event by its id' },
    { words: 'sluice get 0b5f3cde-7a52-4f8b-9a5a-6f0a4c0f2d11 -o ndjson', says: 'Byte for byte as stored' },
  ],
  run: async (call) => (await import('../run/get.ts')).runGet(call),
};

export const countRow: CommandRow = {
  name: 'count',
  words: '<what> [filter...]',
  summary: 'count events by time, day, event, resource or label:NAME',
  options: [
    ...filterOptions,
    ...windowOptions,
    { flags: '--by <width>', help: 'of the buckets of time, as 1h, 10m, 30s, 1d or 1w; it fits the window by itself' },
    { flags: '--top <n>', help: 'only so many of the largest groups (20 on a terminal)' },
    { flags: '--watch', help: 'go on, and show the counts as they change; on a pipe a line of JSON for each state' },
    { flags: '--last <length>', help: 'with --watch: a window that slides, as 45s, 10m, 12h or 7d' },
    { flags: '-o, --output <form>', help: 'table or json', choices: ['table', 'json'], fallback: 'table' },
    ...connectionOptions,
  ],
  examples: [
    { words: 'sluice count time --by 1h --since 1d', says: 'How many events each hour of the last day' },
    { words: 'sluice count resource event:door.* --top 10', says: 'The ten resources with the most events of doors' },
    { words: 'sluice count event --watch --last 1h', says: 'What happens most within the last hour, as it changes' },
    { words: 'sluice count label:region -o json', says: 'By a label of the resource, for a program' },
  ],
  run: async (call) => (await import('../run/count.ts')).runCount(call),
};

export const exportRow: CommandRow = {
  name: 'export',
  words: '[filter...]',
  summary: 'write all events of a filter as lines of JSON, oldest first',
  options: [
    ...filterOptions,
    ...windowOptions,
    { flags: '--out <file>', help: 'to this file; compressed if it ends in .gz' },
    { flags: '--resume', help: 'go on behind the last whole line of the file, as of the same moment' },
    ...connectionOptions,
  ],
  examples: [
    { words: 'sluice export event:door.* --since 7d --out doors.ndjson', says: 'A week of doors, with a progress bar' },
    { words: 'sluice export --out doors.ndjson --resume', says: 'Go on with an export that broke off' },
    { words: 'sluice export | gzip > all.ndjson.gz', says: 'Everything, through a pipe' },
  ],
  run: async (call) => (await import('../run/export.ts')).runExport(call),
};
