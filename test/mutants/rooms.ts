/**
 * The rooms whose code is mutated, and the tests that are nearest to each.
 */
export interface Room {
  readonly name: string;
  readonly sources: RegExp;
  readonly tests: RegExp;
}

const tableWriter =
  '(table-writer|dead-letter|writer-state|open-writer-state|reconcile|epoch-book|read-in-steps|stored-of)';
/** Tests that start no engine are the quick ones. */
const quick = '(?!.*\\.clickhouse\\.)';

export const rooms: readonly Room[] = [
  { name: 'feed', sources: /^src\/feed\//, tests: /^test\/feed\// },
  {
    name: 'ingest',
    sources: new RegExp(`^src/ingest/(?!${tableWriter}\\.ts)`),
    tests: new RegExp(`^${quick}test/(ingest/|journal/power-cut)`),
  },
  {
    name: 'journal',
    // `durable-copy.ts` is a tool of the crash tests.
    sources: /^src\/journal\/(?!durable-copy)/,
    tests: new RegExp(`^${quick}test/(journal/|feed/|ingest/failing|recover-journal|lock-file)`),
  },
  {
    name: 'table-writer',
    sources: new RegExp(`^(src/ingest/${tableWriter}|actors/writer)\\.ts`),
    tests: new RegExp(`^${quick}test/(ingest/|actors/writer|recover-journal|adopt)`),
  },
  {
    name: 'filter',
    sources: /^src\/filter\//,
    tests: new RegExp(`^(${quick}test/(filter|query|feed/held-filters)|test/filter/(equals-sign|sql-patterns))`),
  },
  { name: 'query', sources: /^src\/query\//, tests: /^test\/query\/(?!pages|count-projections)/ },
];

/** Nearest to a change with a name outside of the rooms. */
export const elsewhereTests = /^test\/server\/authenticate/;

export function roomOf(file: string): Room | undefined {
  return rooms.find(({ sources }) => sources.test(file));
}
