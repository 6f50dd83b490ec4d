/** Writes what a run has shown into `RESULTS.md`, below its head: a row for each kind, the newest one. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { FieldResult } from './field.ts';
import type { HostileKind } from './kind.ts';

const file = new URL('RESULTS.md', import.meta.url);
/** Of the code that runs: a tree may move on meanwhile. */
const commit = commitOf();
/** Between the names of the columns and the rows. */
const ruler = /^(\|---)+\|\n/m;

export function saveResult(kind: HostileKind, seed: number, { faults, figures }: FieldResult): void {
  const text = readFileSync(file, 'utf8');
  const from = text.search(ruler) + (ruler.exec(text)?.[0].length ?? 0);
  const [before, rows] = [text.slice(0, from), text.slice(from)];
  const others = rows.split('\n').filter((row) => row !== '' && !row.startsWith(`| ${kind.name} |`));
  const all = [...others, rowOf(kind, seed, { faults, figures })].sort();
  writeFileSync(file, `${before}${all.join('\n')}\n`);
}

function rowOf({ name }: HostileKind, seed: number, { faults, figures }: FieldResult): string {
  const { residentMB, engineMB, descriptors, neighbour, refusals } = figures;
  const three = ({ start, max, end }: { start: number; max: number; end: number }): string =>
    `${start}, ${max}, ${end}`;
  const listed = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([what, count]) => `${count} ${what.replaceAll('|', '/')}`)
      .join('; ');
  const cells = [
    ...[name, originOf(), seed, `${figures.seconds} (${figures.pausedSeconds})`],
    ...[faults.length === 0 ? 'hold' : `BROKEN: ${faults.join('; ').replaceAll(/[|\n]/g, ' ').slice(0, 500)}`],
    ...[`${three(residentMB)}; ${engineMB}`, three(descriptors), figures.logKB],
    ...[
      `${figures.healthMs} (${figures.heldMs})`,
      `${neighbour.acknowledged} of ${neighbour.sent}; ${listed(neighbour.told)}`,
    ],
    ...[figures.acknowledged, listed(refusals)],
  ];
  return `| ${cells.join(' | ')} |`;
}

function originOf(): string {
  return `${new Date().toISOString().slice(0, 10)}, ${commit}, ${process.version}, ${loadavg()[0]?.toFixed(1)}`;
}

function commitOf(): string {
  const options = { cwd: new URL('.', import.meta.url), encoding: 'utf8' } as const;
  return spawnSync('git', ['rev-parse', '--short', 'HEAD'], options).stdout.trim();
}
