/** The commands that send: emit, import. */
import type { CommandRow } from '../command-row.ts';
import { connectionOptions } from '../options.ts';

const rateOption = { flags: '--rate <n>', help: 'at most so many events a second' };

export const emitRow: CommandRow = {
  name: 'emit',
  words: '[name]',
  summary: 'send one event, or with - the lines of stdin, and end when all is durable',
  options: [
    { flags: '-r, --resource <id>', help: 'the resource that it is about' },
    { flags: '-l, --label <key=value>', help: 'a label of the resource', isRepeatable: true },
    { flags: '--related <entry>', help: 'a related resource: ID&role=r&key=value', isRepeatable: true },
    { flags: '--payload <json>', help: 'an object, or @FILE' },
    { flags: '--id <id>', help: 'a UUID; one is made by default' },
    { flags: '--occurred <time>', help: 'ISO 8601, or so long ago as 10m; now by default' },
    { flags: '--follows <id>', help: 'the event that it follows' },
    rateOption,
    ...connectionOptions,
  ],
  examples: [
    {
      words: `sluice emit door.opened -r door.7 -l region=eu --payload '{"by":"ann"}'`,
      says: 'One event; its id is printed',
    },
    {
      words: 'sluice emit door.opened -r door.7 --payload @door.json --occurred 10m',
      says: 'Ten minutes ago, with the payload of a file',
    },
    {
      words: 'tail -F doors.ndjson | sluice emit -',
      says: 'Lines as they come; ids and times are made where they are missing',
    },
  ],
  run: async (call) => (await import('../run/send.ts')).runEmit(call),
};

export const importRow: CommandRow = {
  name: 'import',
  words: '[file]',
  summary: 'send the events of a file of lines, with their ids: run twice, it stores them once',
  options: [rateOption, ...connectionOptions],
  examples: [
    { words: 'sluice import doors.ndjson.gz', says: 'What an export has written, compressed or not' },
    { words: 'zcat *.gz | sluice import -', says: 'From a pipe' },
  ],
  run: async (call) => (await import('../run/send.ts')).runImport(call),
};
