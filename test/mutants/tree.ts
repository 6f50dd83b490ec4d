/**
 * A copy of the repository with all mutants in it, asleep: made once, used by every run.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Collected } from './collect.ts';
import { instrument } from './instrument.ts';

const copied = ['src', 'actors', 'schemas', 'test', 'support', 'bench', 'docs', 'scripts', 'dist'];

/** Leaves the folder as if new; what it held goes. */
export function makeTree(root: string, tree: string, { sources, mutants }: Collected): void {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  const single = readdirSync(root).filter(
    (name) => name !== 'biome.json' && /\.(json|md|ts|yml)$|^Dockerfile$/.test(name),
  );
  for (const name of [...copied, ...single]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(tree, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const switchPath = join(tree, 'test', 'mutants', 'switch.ts');
  for (const [file, source] of sources) {
    const own = mutants.filter((mutant) => mutant.file === file);
    if (own.length === 0) continue;
    const text = instrument(source, own, switchPath);
    throwIfBroken(text, file);
    writeFileSync(join(tree, file), text);
  }
}

function throwIfBroken(text: string, file: string): void {
  const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true, fileName: file });
  const [first] = diagnostics;
  if (first !== undefined) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(first.messageText, ' ')}`);
}

/** Test files of the tree, from its root. */
export function testsIn(tree: string, folder = 'test'): string[] {
  return readdirSync(join(tree, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return testsIn(tree, path);
    return /(?<!interop|contract)\.test\.ts$/.test(entry.name) ? [path] : [];
  });
}
