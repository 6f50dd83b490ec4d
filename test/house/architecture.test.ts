/**
 * The shape of the code as a law: imports point one way, nothing goes in circles, files stay small (STYLE).
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const rooms = ['schemas', 'actors', 'src'];
const files = rooms.flatMap((room) => typescriptIn(join(root, room))).map((path) => relative(root, path));

/** Rank of each room: a file may import from its own room and from lower ones only. */
const ranks: [prefix: RegExp, rank: number][] = [
  [/^schemas\//, 0],
  [/^actors\//, 1],
  [/^src\/(filter|clickhouse|journal)\//, 3],
  [/^src\/ingest\//, 4],
  [/^src\/(feed|query)\//, 5],
  [/^src\/server\//, 6],
  [
    /^src\/(main|run-command|start-sluice|connect-store|open-intake|readiness|observe|metrics-page|adopt|open-stopped|verify|compare-journal|dead-letter-command|recover-journal)\.ts$/,
    7,
  ],
  [/^src\/[a-z-]+\.ts$/, 2],
];

describe('the architecture', () => {
  it('lets every import point to its own room or a lower one, and no room of one rank to another', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(
          (target) =>
            rankOf(target) > rankOf(file) || (rankOf(target) === rankOf(file) && roomOf(target) !== roomOf(file)),
        )
        .map((target) => `${file} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no cycle', () => {
    expect(findCycle()).toBeNull();
  });

  it('knows uWebSockets.js in src/server only', () => {
    const knowing = files.filter((file) => /from 'uWebSockets\.js'|import\('uWebSockets\.js'\)/.test(read(file)));
    expect(knowing.filter((file) => !file.startsWith('src/server/'))).toEqual([]);
  });

  it('reads the environment in one place only', () => {
    expect(
      files.filter(
        (file) =>
          /process\.env\b(?!\['(?:PATH|UWS_HTTP_MAX_HEADERS_SIZE)'\])/.test(read(file)) && file !== 'src/main.ts',
      ),
    ).toEqual([]);
  });

  it('keeps files at 300 lines at most, the median at 120', () => {
    const lengths = files.map((file) => ({ file, lines: read(file).split('\n').length - 1 }));
    expect(lengths.filter(({ lines }) => lines > 300)).toEqual([]);
    const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(120);
  });

  it('uses no any, no default export and no barrel', () => {
    const offenders = files.filter(
      (file) =>
        /\bas any\b|[:<] ?any\b(?=[\s,;)>\]=]*$)|export default|^export \* from/m.test(read(file)) ||
        file.endsWith('/index.ts'),
    );
    expect(offenders).toEqual([]);
  });
});

function typescriptIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? typescriptIn(path) : name.endsWith('.ts') ? [path] : [];
  });
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** The files of ours that a file imports, as paths from the root. */
function importsOf(file: string): string[] {
  const found = read(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return [...found]
    .map(([, target = '']) => normalize(join(dirname(file), target)))
    .filter((target) => target.endsWith('.ts'));
}

function rankOf(file: string): number {
  return ranks.find(([prefix]) => prefix.test(file))?.[1] ?? Number.NaN;
}

function roomOf(file: string): string {
  return rankOf(file) === 2 || rankOf(file) === 7 ? 'one room' : dirname(file).split('/').slice(0, 2).join('/');
}

/** The first circle of imports that is found, as a path, or null: depth first, each file finished once. */
function findCycle(): string[] | null {
  const finished = new Set<string>();
  const visit = (file: string, path: string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return null;
    for (const target of importsOf(file)) {
      const cycle = visit(target, [...path, file]);
      if (cycle !== null) return cycle;
    }
    finished.add(file);
    return null;
  };
  for (const file of files) {
    const cycle = visit(file, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
