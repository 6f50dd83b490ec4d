/**
 * docs/PERFORMANCE.md and its plots from the committed results: of each case the newest result that holds it, named
 * with its commit and machine.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { barsOf } from './bars.ts';
import { costPage } from './cost-page.ts';
import { at } from './read-json.ts';
import type { Row, Section } from './rows.ts';
import { sections } from './sections.ts';

export interface Result {
  readonly file: string;
  readonly when: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** The newest first. */
export function readResults(folder: string): Result[] {
  const results = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((file): Result => ({ ...JSON.parse(readFileSync(join(folder, file), 'utf8')), file }));
  return results.sort((one, other) => (one.when < other.when ? 1 : -1));
}

/** The files by their path under docs/. */
export function performancePages(results: readonly Result[]): Readonly<Record<string, string>> {
  const pages: Record<string, string> = {};
  const parts = sections.flatMap((section) => {
    const result = shownOf(results.filter((one) => isShown(section, caseOf(one, section.key))));
    if (result === undefined) return [];
    const rows = section.rows(caseOf(result, section.key));
    if (rows.length === 0) return [];
    const plot = section.plot && barsOf(section.title, section.plot.unit, barRows(section, rows));
    if (plot) pages[`performance/${section.key}.svg`] = plot;
    const picture = plot ? `![${section.title}](performance/${section.key}.svg)\n\n` : '';
    const beside = onAnotherNode(section, result, results);
    return [`## ${section.title}\n\n${section.text}\n\n${tableOf(rows)}\n\n${picture}${sourceOf(result)}${beside}`];
  });
  const cost = costPage(results, tableOf);
  return {
    ...pages,
    ...(cost !== null && { 'COST-MODEL.md': cost }),
    'PERFORMANCE.md': `# Performance

${preface}

${parts.join('\n\n')}
`,
  };
}

const preface =
  'Made by `npm run bench:compare` from the results in `bench/results`; every figure is of one of them. ' +
  'Absolute figures are of one noisy\n' +
  'machine whose cores the load makers share: take them as ratios and orders of magnitude. ' +
  'µs are CPU time of the server process. ' +
  'Events are plain ones of 1.1 kB unless a section says otherwise; ' +
  '"Intake by the form of the JSON" has what other forms cost.';

/** The newest commit's; of its results that of the newest Node. */
function shownOf([newest, ...others]: readonly Result[]): Result | undefined {
  const same = others.filter((one) => one.machine['commit'] === newest?.machine['commit']);
  return same.reduce((best, one) => (best && nodeMajor(one) <= nodeMajor(best) ? best : one), newest);
}

function nodeMajor({ machine }: Result): number {
  return Number.parseInt(String(machine['node'] ?? 'v0').slice(1), 10);
}

/** The same case of the same commit on another Node, where it was measured; else nothing. */
function onAnotherNode(section: Section, shown: Result, results: readonly Result[]): string {
  const other = results.find(
    (one) =>
      one.machine['commit'] === shown.machine['commit'] &&
      one.machine['node'] !== shown.machine['node'] &&
      isShown(section, caseOf(one, section.key)),
  );
  if (other === undefined) return '';
  const rows = section.rows(caseOf(other, section.key));
  return `\n\nThe same on Node ${other.machine['node']}:\n\n${tableOf(rows)}\n\n${sourceOf(other)}`;
}

/**
 * A case that any server can be measured by stands under the server's name: then what Sluice and the peer gave, by
 * their names.
 */
function caseOf(result: Result, key: string): unknown {
  if (result[key] !== undefined) return result[key];
  const ofServers = ['sluice', 'prefect'].map((server) => [server, at(result, server, key)] as const);
  const found = ofServers.filter(([, value]) => hasCase(value));
  return found.some(([server]) => server === 'sluice') ? Object.fromEntries(found) : undefined;
}

function isShown({ fits }: Section, found: unknown): boolean {
  return hasCase(found) && (fits === undefined || fits(found));
}

function hasCase(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !('failed' in value) && !('skipped' in value);
}

function barRows({ plot }: Section, rows: readonly Row[]): { name: string; value: number }[] {
  if (plot === undefined) return [];
  return rows.flatMap((row) => {
    const value = row[plot.value];
    return typeof value === 'number' && value > 0 ? [{ name: String(row[plot.name]), value }] : [];
  });
}

function tableOf(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map((column) => textOf(row[column] ?? '')))),
  ].join('\n');
}

function textOf(cell: string | number): string {
  return typeof cell === 'number' && Math.abs(cell) >= 10_000 ? Math.round(cell).toLocaleString('en-US') : String(cell);
}

function sourceOf({ file, when, machine }: Result): string {
  const { cpus, model, memoryGb, kernel, node, commit, loadBefore } = machine;
  return (
    `*\`bench/results/${file}\`: ${when}, commit ${commit}, ${cpus} × ${model}, ${memoryGb} GB, ` +
    `Linux ${kernel}, Node ${node}, load average before ${loadBefore}.*`
  );
}
