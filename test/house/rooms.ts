/**
 * The rooms of the house and the arrows between them: who may import whom. A room is a folder; a file in no room is a
 * fault.
 */
import { dirname, join, normalize } from 'node:path';

/** Each room, from the ground up, and the rooms it may import from. Imports within a room are free, circles are not. */
export const rooms = {
  schemas: [],
  actors: [],
  client: ['schemas'],
  'src/base': ['schemas'],
  'src/config': ['src/base'],
  'src/filter': ['schemas'],
  'src/access': ['schemas', 'src/base', 'src/filter'],
  'src/event-log': ['schemas', 'src/base'],
  'src/journal': ['src/base', 'src/event-log'],
  'src/clickhouse': ['actors', 'src/base'],
  'src/event-text': ['schemas', 'src/base', 'src/filter', 'src/event-log'],
  'src/query': ['schemas', 'src/base', 'src/filter', 'src/clickhouse'],
  'src/ids': ['src/base', 'src/filter', 'src/event-log'],
  'src/shared-log': ['src/base', 'src/filter', 'src/event-log', 'src/ids'],
  'src/history': ['schemas', 'src/filter', 'src/clickhouse'],
  'src/ingest': ['schemas', 'src/base', 'src/filter', 'src/event-log', 'src/clickhouse', 'src/event-text', 'src/ids'],
  'src/feed': ['schemas', 'src/base', 'src/filter', 'src/event-log', 'src/history'],
  'src/live-counts': ['schemas', 'src/base', 'src/filter', 'src/clickhouse', 'src/query', 'src/feed'],
  'src/table-writer': ['actors', 'src/base', 'src/event-log', 'src/clickhouse', 'src/ids'],
  'src/nats': ['src/base', 'src/shared-log', 'src/table-writer'],
  'src/gateway': [
    'src/base',
    'src/config',
    'src/filter',
    'src/access',
    'src/clickhouse',
    'src/event-log',
    'src/event-text',
    'src/journal',
    'src/ids',
    'src/ingest',
    'src/shared-log',
    'src/table-writer',
    'src/forwarder',
    'src/nats',
  ],
  'src/forwarder': ['schemas', 'actors', 'src/base', 'src/filter', 'src/event-log', 'src/event-text'],
  'src/description': ['schemas', 'src/base', 'src/filter'],
  'src/server': [
    'schemas',
    'actors',
    'src/base',
    'src/filter',
    'src/access',
    'src/description',
    'src/event-text',
    'src/query',
    'src/ingest',
    'src/feed',
    'src/live-counts',
  ],
  'src/app': [
    'schemas',
    'src/base',
    'src/config',
    'src/filter',
    'src/access',
    'src/event-log',
    'src/event-text',
    'src/journal',
    'src/clickhouse',
    'src/query',
    'src/ids',
    'src/history',
    'src/ingest',
    'src/feed',
    'src/live-counts',
    'src/table-writer',
    'src/gateway',
    'src/forwarder',
    'src/server',
  ],
  'src/commands': [
    'schemas',
    'src/base',
    'src/config',
    'src/access',
    'src/event-log',
    'src/journal',
    'src/clickhouse',
    'src/table-writer',
    'src/nats',
    'src/gateway',
    'src/forwarder',
    'src/app',
  ],
  src: ['src/commands'],
  cli: ['schemas', 'client', 'src/base', 'src/config'],
  web: ['schemas', 'client'],
} as const satisfies Record<string, readonly string[]>;

export type Room = keyof typeof rooms;

/**
 * The room that a file stands in; null for a folder that the table does not have. Only `main.ts` stands in `src`
 * itself.
 */
export function roomOf(file: string): Room | null {
  const [top = '', second = ''] = file.split('/');
  if (file === 'src/main.ts') return 'src';
  const room = top === 'src' ? `src/${second}` : top;
  return isRoom(room) && room !== 'src' ? room : null;
}

/** The arrows of a set of files that the table does not allow, and the files that stand in no room; in words. */
export function faultsOf(files: readonly string[], read: (file: string) => string): string[] {
  return files.flatMap((file) => {
    const room = roomOf(file);
    if (room === null) return [`${file} stands in no room`];
    const allowed: readonly string[] = rooms[room];
    return importsOf(file, read)
      .filter((target) => {
        const other = roomOf(target);
        return other !== room && (other === null || !allowed.includes(other));
      })
      .map((target) => `${file} → ${target}`);
  });
}

/** Arrows of the table that no import uses: a table with more in it than the code has says nothing. */
export function unusedArrows(files: readonly string[], read: (file: string) => string): string[] {
  const used = new Set(
    files.flatMap((file) => importsOf(file, read).map((target) => `${roomOf(file)} → ${roomOf(target)}`)),
  );
  return Object.entries(rooms).flatMap(([room, allowed]) =>
    allowed.map((other) => `${room} → ${other}`).filter((arrow) => !used.has(arrow)),
  );
}

/**
 * What stands around the house, and what each may import from the others. From the rooms of the house all may import;
 * what both tests and benchmarks need stands in `support`.
 */
const around: Readonly<Record<string, readonly string[]>> = { support: [], bench: ['support'], test: ['support'] };

/** Imports of the folders around the house that they may not have, and those of a room that leave the house. */
export function faultsAround(files: readonly string[], read: (file: string) => string): string[] {
  return files.flatMap((file) => {
    const own = topOf(file);
    return importsOf(file, read)
      .filter((target) => {
        const other = topOf(target);
        return Object.hasOwn(around, other) && other !== own && !around[own]?.includes(other);
      })
      .map((target) => `${file} → ${target}`);
  });
}

function topOf(file: string): string {
  return file.split('/')[0] ?? '';
}

/** The first circle of imports that is found, as a path, or null: depth first, each file finished once. */
export function findCircle(files: readonly string[], read: (file: string) => string): string[] | null {
  const finished = new Set<string>();
  const visit = (file: string, path: string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return null;
    for (const target of importsOf(file, read)) {
      const circle = visit(target, [...path, file]);
      if (circle !== null) return circle;
    }
    finished.add(file);
    return null;
  };
  for (const file of files) {
    const circle = visit(file, []);
    if (circle !== null) return circle;
  }
  return null;
}

/** The files of ours that a file imports, as paths from the root. */
function importsOf(file: string, read: (file: string) => string): string[] {
  const found = read(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return [...found]
    .map(([, target = '']) => normalize(join(dirname(file), target)))
    .filter((target) => /\.tsx?$/.test(target));
}

function isRoom(name: string): name is Room {
  return Object.hasOwn(rooms, name);
}
