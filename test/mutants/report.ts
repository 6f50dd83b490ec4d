/**
 * What became of the mutants: a score for each room, and who lives.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Collected, Mutant } from './collect.ts';
import { readEquivalents, type WhyEquivalent } from './equivalents.ts';
import { rooms } from './rooms.ts';
import type { Result } from './run.ts';

export interface ReportParts {
  readonly collected: Collected;
  readonly results: ReadonlyMap<string, Result>;
  readonly seed: number;
  readonly sampleMax: number;
  readonly root: string;
  readonly isSaved: boolean;
}

export function report(parts: ReportParts): void {
  const { collected, results, seed, sampleMax, root } = parts;
  const whyEquivalent = readEquivalents(root, collected);
  const names = [...rooms.map(({ name }) => name), 'elsewhere'];
  const lines = names.map((name) => scoreOf(name, collected, results, whyEquivalent));
  const living = collected.mutants.filter(({ key }) => results.get(key)?.status === 'survived');
  const unexplained = living.filter((mutant) => whyEquivalent(mutant) === undefined);
  const page = [
    '# Mutants',
    '',
    `\`npm run mutants -- --seed ${seed} --sample ${sampleMax} --save\` wrote this page at commit ${commitOf(root)}.`,
    'Score: killed / (tried − equivalent). A time-out counts as killed. Equivalents and their reasons: `equivalents.json`.',
    'A survivor stands here until it is tried again (`--again`), also where a law has come since.',
    '',
    '| room | mutants in all | tried | killed | of them timed out | equivalent | survived | score |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
    '## Survivors',
    '',
    ...unexplained.map(lineOf),
    ...(unexplained.length === 0 ? ['None.'] : []),
    '',
    '## Changes with a name',
    '',
    ...collected.mutants.flatMap((mutant) => nameLine(mutant, results.get(mutant.key))),
    '',
  ].join('\n');
  console.log(page);
  if (!parts.isSaved) return;
  writeFileSync(join(root, 'test/mutants/RESULTS.md'), page);
  const all = collected.mutants.flatMap(({ key, file, line, operator }) => {
    const result = results.get(key);
    return result === undefined
      ? []
      : [JSON.stringify({ key, place: `${file}:${line}`, operator, status: result.status })];
  });
  writeFileSync(join(root, 'test/mutants/results.ndjson'), `${all.join('\n')}\n`);
}

function scoreOf(
  room: string,
  { mutants, found }: Collected,
  results: ReadonlyMap<string, Result>,
  whyEquivalent: WhyEquivalent,
): string {
  const tried = mutants.filter((mutant) => mutant.room === room && results.has(mutant.key));
  const of = (status: Result['status']) => tried.filter(({ key }) => results.get(key)?.status === status);
  const survived = of('survived');
  const equivalent = survived.filter((mutant) => whyEquivalent(mutant) !== undefined).length;
  const timedOut = of('timed out').length;
  const killed = of('killed').length + timedOut;
  const score = ((100 * killed) / Math.max(1, tried.length - equivalent)).toFixed(1);
  const left = survived.length - equivalent;
  return `| ${room} | ${found[room] ?? '–'} | ${tried.length} | ${killed} | ${timedOut} | ${equivalent} | ${left} | ${score} % |`;
}

function lineOf({ key, file, line, operator, was, text }: Mutant): string {
  return `- ${key} \`${file}:${line}\` ${operator}: \`${short(was)}\` → \`${short(text)}\``;
}

function nameLine({ name, file, line }: Mutant, result: Result | undefined): string[] {
  return name === null
    ? []
    : [`- ${name} (\`${file}:${line}\`): ${result?.status ?? 'not tried'}, ${result?.by ?? ''}`];
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 90 ? `${line.slice(0, 87)}…` : line;
}

function commitOf(root: string): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
}
