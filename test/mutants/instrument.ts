/**
 * One source with all its mutants in it, each asleep until its number is called (`switch.ts`): so one build serves for
 * all.
 */
import type ts from 'typescript';
import type { Change } from './find-mutants.ts';

export interface Numbered extends Change {
  readonly number: number;
}

export function instrument(source: ts.SourceFile, mutants: readonly Numbered[], switchPath: string): string {
  const byPlace = new Map<string, Numbered[]>();
  for (const mutant of mutants) {
    const place = `${mutant.start}-${mutant.end}-${mutant.isStatement}`;
    byPlace.set(place, [...(byPlace.get(place) ?? []), mutant]);
  }
  const text = source.text;
  const places = [...byPlace.values()].sort((a, b) => widest(a[0]!, b[0]!)); // no list is empty
  const body = write(0, text.length, places);
  return `import { isMutant as __m } from '${switchPath}';\n${body}`;

  /** `inside` lies in the stretch, outermost first. */
  function write(start: number, end: number, inside: readonly Numbered[][]): string {
    let written = '';
    let at = start;
    let rest = inside;
    while (rest.length > 0) {
      const [outer = []] = rest;
      const { start: from, end: to, isStatement } = outer[0]!; // no list is empty
      const within = rest.slice(1).filter(([first]) => first!.start < to);
      const kept = write(from, to, within);
      written += text.slice(at, from) + (isStatement ? statement(outer, kept) : expression(outer, kept));
      at = to;
      rest = rest.slice(1 + within.length);
    }
    return written + text.slice(at, end);
  }
}

function widest(a: Change, b: Change): number {
  return a.start - b.start || b.end - a.end || Number(b.isStatement) - Number(a.isStatement);
}

function statement(mutants: readonly Numbered[], kept: string): string {
  return mutants.reduce((inner, { number, text }) => `if (__m(${number})) { ${text} } else { ${inner} }`, kept);
}

function expression(mutants: readonly Numbered[], kept: string): string {
  const branches = mutants.map(({ number, text }) => `__m(${number}) ? (${text}) : `);
  return `(${branches.join('')}(${kept}))`;
}
