/**
 * The rooms whose code is mutated, and the tests that are nearest to each.
 */
export interface Room {
  readonly name: string;
  readonly sources: RegExp;
  readonly tests: RegExp;
}

/** Tests that start no engine are the quick ones. */
const quick = '(?!.*\\.clickhouse\\.)';

export const rooms: readonly Room[] = [
  { name: 'feed', sources: /^src\/(feed|history)\//, tests: /^test\/(feed|history)\// },
  {
    name: 'ingest',
    sources: /^src\/(ingest|event-text|ids)\//,
    tests: new RegExp(`^${quick}test/(ingest/|event-text/|ids/|journal/power-cut)`),
  },
  {
    name: 'journal',
    // `durable-copy.ts` is a tool of the crash tests.
    sources: /^src\/(event-log|journal)\/(?!durable-copy)/,
    tests: new RegExp(`^${quick}test/(event-log/|journal/|feed/|history/|ingest/failing|commands/recover-journal)`),
  },
  {
    name: 'table-writer',
    sources: /^(src\/table-writer\/|actors\/writer\.ts)/,
    tests: new RegExp(`^${quick}test/(ingest/|table-writer/|actors/writer|commands/)`),
  },
  {
    name: 'filter',
    sources: /^src\/filter\//,
    tests: new RegExp(`^(${quick}test/(filter|query|feed/held-filters)|test/filter/(equals-sign|sql-patterns))`),
  },
  { name: 'query', sources: /^src\/query\//, tests: /^test\/query\/(?!pages|count-projections)/ },
];

/** Nearest to a change with a name outside of the rooms. */
export const elsewhereTests = /^test\/(server\/authenticate|access\/made-token)/;

export function roomOf(file: string): Room | undefined {
  return rooms.find(({ sources }) => sources.test(file));
}
