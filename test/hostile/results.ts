/** Writes what a run has shown into `RESULTS.md`: a row for each kind, the newest one. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { FieldResult } from './field.ts';
import type { HostileKind } from './kind.ts';

const file = new URL('RESULTS.md', import.meta.url);
const marker = '<!-- rows -->';

const head = `# Hostile peers
What \`npm run hostile -- --save\` measured: each kind of hostile peers (\`kinds/\`) on a real server of its own, beside a neighbour that behaves. Laws: the server lives, within 1 GB; the neighbour loses nothing, hears each event once and is told by
name where it is told anything; no fault of the server's own; its log is bounded; afterwards memory, descriptors and gauges are back and all that was acknowledged is stored; no wait of a probe of \`/api/health\` takes more than 2 s of the event loop's CPU.

**memory**: of the server at the start, at most (as the system has it), at the end; the engine's at most. **descriptors**: the same. **health**: the longest wait of the probe, and the most CPU of the event loop in one. **neighbour**: its events acknowledged,
each stored once and heard once, and what it was told. **refusals**: what peers were told and what the server counted, by name. A paused machine is no fault: its seconds are in **seconds**.

| kind | day, commit, Node, load | seed | seconds (paused) | laws | memory, engine (MB) | descriptors | log kB | health ms (CPU) | neighbour | acknowledged of hostile peers | refusals |
|---|---|---|---|---|---|---|---|---|---|---|---|
${marker}
`;

export function saveResult(kind: HostileKind, seed: number, { faults, figures }: FieldResult): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : head;
  const [before = '', rows = ''] = text.split(`${marker}\n`);
  const others = rows.split('\n').filter((row) => row !== '' && !row.startsWith(`| ${kind.name} |`));
  const all = [...others, rowOf(kind, seed, { faults, figures })].sort();
  writeFileSync(file, `${before}${marker}\n${all.join('\n')}\n`);
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
  const options = { cwd: new URL('.', import.meta.url), encoding: 'utf8' } as const;
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], options).stdout.trim();
  return `${new Date().toISOString().slice(0, 10)}, ${commit}, ${process.version}, ${loadavg()[0]?.toFixed(1)}`;
}
