/**
 * Which mutants are tried: a seeded sample of each room, the same for the same code whatever changes elsewhere, and the
 * named ones.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { type Change, findChanges, parse } from './find-mutants.ts';
import { type NamedChange, namedChanges } from './named.ts';
import { roomOf } from './rooms.ts';

export interface Mutant extends Change {
  /** Says where and what, and stays while the line stays as it is, in whatever folder. */
  readonly key: string;
  readonly number: number;
  readonly room: string;
  readonly file: string;
  readonly line: number;
  readonly was: string;
  readonly name: string | null;
}

export interface Collected {
  readonly sources: ReadonlyMap<string, ts.SourceFile>;
  readonly mutants: readonly Mutant[];
  /** By room: how many there are in all. */
  readonly found: Readonly<Record<string, number>>;
}

/** `tried` are the keys of those that have a result: they stay in the sample, wherever their code has moved. */
export function collect(root: string, seed: number, sampleMax: number, tried: ReadonlySet<string>): Collected {
  const files = ['src', 'actors'].flatMap((folder) => typescriptIn(root, folder));
  const sources = new Map(files.map((file) => [file, parse(readFileSync(join(root, file), 'utf8'), file)]));
  const byRoom = new Map<string, Omit<Mutant, 'number'>[]>();
  for (const [file, source] of sources) {
    const room = roomOf(file)?.name;
    if (room === undefined) continue;
    const made = describe(source, file, room, findChanges(source), null);
    byRoom.set(room, [...(byRoom.get(room) ?? []), ...made]);
  }
  const rank = (key: string): string =>
    `${tried.has(key) ? 0 : 1}${createHash('sha256').update(`${seed} ${key}`).digest('hex')}`;
  const sampled = [...byRoom.values()].flatMap((all) =>
    all.toSorted((a, b) => (rank(a.key) < rank(b.key) ? -1 : 1)).slice(0, sampleMax),
  );
  const named = namedChanges.flatMap((change) => describeNamed(sources, change));
  const mutants = [...named, ...sampled].map((mutant, at) => ({ ...mutant, number: at + 1 }));
  return { sources, mutants, found: Object.fromEntries([...byRoom].map(([room, all]) => [room, all.length])) };
}

function describeNamed(sources: ReadonlyMap<string, ts.SourceFile>, named: NamedChange): Omit<Mutant, 'number'>[] {
  const source = sources.get(named.file);
  const node = source === undefined ? undefined : nodeOf(source, named.find);
  if (source === undefined || node === undefined) throw new Error(`${named.name}: not found in ${named.file}`);
  const isStatement = ts.isStatement(node);
  const change = { operator: 'named', start: node.getStart(), end: node.getEnd(), isStatement, text: named.text };
  return describe(source, named.file, roomOf(named.file)?.name ?? 'elsewhere', [change], named.name);
}

function nodeOf(source: ts.SourceFile, text: string): ts.Node | undefined {
  const visit = (node: ts.Node): ts.Node | undefined =>
    node !== source && node.getText() === text ? node : node.forEachChild(visit);
  return visit(source);
}

function describe(
  source: ts.SourceFile,
  file: string,
  room: string,
  changes: readonly Change[],
  name: string | null,
): Omit<Mutant, 'number'>[] {
  const lines = source.text.split('\n');
  const seen = new Map<string, number>();
  return changes.map((change) => {
    const line = source.getLineAndCharacterOfPosition(change.start).line;
    const was = source.text.slice(change.start, change.end);
    const place = `${basename(file)} | ${change.operator} | ${lines[line]?.trim()} | ${was} | ${change.text}`;
    const nth = seen.get(place) ?? 0;
    seen.set(place, nth + 1);
    const key = createHash('sha256').update(`${place} | ${nth}`).digest('hex').slice(0, 12);
    return { ...change, key, room, file, line: line + 1, was, name };
  });
}

function typescriptIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return typescriptIn(root, path);
      return entry.name.endsWith('.ts') && !path.startsWith('src/event-text/compiled/') ? [path] : [];
    })
    .sort();
}
