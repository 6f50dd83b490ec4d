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

export const rooms: readonly Room[] = [
  { name: 'feed', sources: /^src\/feed\//, tests: /^test\/feed\// },
  {
    name: 'ingest',
    sources: new RegExp(`^src/ingest/(?!${tableWriter}\\.ts)`),
    tests: /^test\/(ingest\/|journal\/power-cut)/,
  },
  {
    name: 'journal',
    sources: /^src\/journal\//,
    tests: /^test\/(journal\/|feed\/|ingest\/failing|recover-journal|lock-file|crash\/power-cut)/,
  },
  {
    name: 'table-writer',
    sources: new RegExp(`^(src/ingest/${tableWriter}|actors/writer)\\.ts`),
    tests: /^test\/(ingest\/|actors\/writer|recover-journal|adopt)/,
  },
  { name: 'filter', sources: /^src\/filter\//, tests: /^test\/(filter\/|query\/)/ },
  { name: 'query', sources: /^src\/query\//, tests: /^test\/query\// },
];

/** Nearest to a change with a name outside of the rooms. */
export const elsewhereTests = /^test\/server\/authenticate/;

export function roomOf(file: string): Room | undefined {
  return rooms.find(({ sources }) => sources.test(file));
}
