/** The commands that take events elsewhere: replay, forward. */
import type { CommandRow } from '../command-row.ts';
import { connectionOptions, filterOptions, windowOptions } from '../options.ts';

export const replayRow: CommandRow = {
  name: 'replay',
  words: '[filter...]',
  summary: 'send the history of a filter to another server of this API, oldest first',
  options: [
    ...filterOptions,
    ...windowOptions,
    { flags: '--to <url>', help: 'the other server; its token is SLUICE_TO_TOKEN, or --to-token-file' },
    { flags: '--to-token-file <file>', help: 'file that holds its token' },
    { flags: '--speed <times>', help: 'as fast as it came, so many times faster, or max', fallback: 'max' },
    { flags: '--as-new', help: 'with the times of now, and ids made of the run and the old ones' },
    { flags: '--run <name>', help: 'of --as-new: the same name makes the same ids, so it can be run twice' },
    { flags: '--dry-run', help: 'count, and send nothing' },
    ...connectionOptions,
  ],
  examples: [
    {
      words: 'sluice replay event:door.* --since 1d --to http://other:4200',
      says: 'With their ids and times: run twice, it stores once',
    },
    {
      words: 'sluice replay --since 1h --to http://test:4200 --speed 10 --as-new --run load',
      says: 'An hour in six minutes, as if it were now',
    },
    { words: 'sluice replay --since 1d --to http://other:4200 --dry-run', says: 'How many it would be' },
  ],
  run: async (call) => (await import('../run/replay.ts')).runReplay(call),
};

export const forwardRow: CommandRow = {
  name: 'forward',
  words: '[filter...]',
  summary: 'post events to an address as they come, signed, in order and at least once',
  isEndless: true,
  options: [
    ...filterOptions,
    { flags: '--to <url>', help: 'the address that gets a POST of JSON' },
    { flags: '--checkpoint <file>', help: 'where it stands; it goes on from there' },
    { flags: '--since <time>', help: 'where to begin without a checkpoint; now by default' },
    { flags: '--secret-file <file>', help: 'of the signature (or SLUICE_FORWARD_SECRET): whsec_… or any text' },
    { flags: '--batch <n>', help: 'up to so many events as one array, instead of one by one' },
    { flags: '--retry-for <time>', help: 'how long a failure is tried again', fallback: '1h' },
    { flags: '--dead-letter <file>', help: 'for what the address refuses (the checkpoint’s name with .dead.ndjson)' },
    { flags: '--until-caught-up', help: 'end where nothing more is stored' },
    { flags: '--on-gap <way>', help: 'fail (exit code 3) or warn', choices: ['fail', 'warn'], fallback: 'fail' },
    ...connectionOptions,
  ],
  examples: [
    {
      words: 'sluice forward event:door.* --to https://example.org/hook --checkpoint doors.checkpoint',
      says: 'Each event by itself; stopped and started again, it goes on',
    },
    {
      words: 'sluice forward --to https://example.org/hook --checkpoint all.at --batch 100 --secret-file hook.secret',
      says: 'In batches, signed',
    },
  ],
  run: async (call) => (await import('../run/forward.ts')).runForward(call),
};
