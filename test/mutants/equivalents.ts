/**
 * Changes that make no difference to anybody, each with its reason.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Collected, Mutant } from './collect.ts';

interface Equivalent {
  readonly file: string;
  /** The line as it stands, without the blanks before it. */
  readonly line: string;
  /** The line above, where the line stands more than once. */
  readonly above?: string;
  readonly was: string;
  readonly text: string;
  readonly why: string;
}

/** Why a change makes no difference; undefined if it should be seen. */
export type WhyEquivalent = (mutant: Mutant) => string | undefined;

export function readEquivalents(root: string, { sources }: Collected): WhyEquivalent {
  const path = join(root, 'test', 'mutants', 'equivalents.json');
  const equivalents = JSON.parse(readFileSync(path, 'utf8')) as Equivalent[]; // a file of ours
  return ({ file, line, was, text }) => {
    const lines = sources.get(file)?.text.split('\n') ?? [];
    const [own, above] = [line - 1, line - 2].map((at) => lines[at]?.trim());
    return equivalents.find(
      (each) =>
        each.file === file &&
        each.line === own &&
        (each.above === undefined || each.above === above) &&
        each.was === was &&
        each.text === text,
    )?.why;
  };
}
