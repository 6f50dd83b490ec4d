/**
 * The migrations of `schemas/migrations` as the statements that this start runs: with its retention, and for a cluster
 * if there is one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import { packageRoot } from '../base/package-root.ts';
import { type DaysByEvent, longestRetentionDays, type Retention, retentionDaysMax } from '../base/retention.ts';
import { type Layout, quoteText } from './layout.ts';
import { placed, type Statement } from './on-cluster.ts';

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: readonly Statement[];
}

export interface MigrationValues extends Retention, Layout {}

/**
 * Reads all migrations with their placeholders filled. Throws StartRefused for a retention that cannot be expressed.
 */
export function readMigrations(values: MigrationValues): Migration[] {
  const { retentionDays } = values;
  const retentionOverrides = values.retentionOverrides ?? {};
  for (const days of [retentionDays, ...Object.values(retentionOverrides)]) {
    if (Number.isInteger(days) && days >= 1 && days <= retentionDaysMax) continue;
    throw new StartRefused(`The retention must be from 1 to ${retentionDaysMax} days, not ${days}.`);
  }
  const folder = join(packageRoot, 'schemas', 'migrations');
  const files = readdirSync(folder).filter((file) => /^\d{3}-.*\.sql$/.test(file));
  return files.sort().map((file) => {
    const statements = readFileSync(join(folder, file), 'utf8')
      .replace(/^--.*\n/gm, '')
      .replaceAll('{{retentionDays}}', String(retentionDays))
      .replaceAll('{{longestRetentionDays}}', String(longestRetentionDays(values)))
      .replaceAll('{{retentionClass}}', () => retentionClass(retentionOverrides))
      .split(/;\s*$/m)
      .map((statement) => statement.trim())
      .filter((statement) => statement !== '');
    const number = Number(file.slice(0, 3));
    const name = file.slice(4, -'.sql'.length);
    return { number, name, statements: placed(statements, values) };
  });
}

/** The days that an event keeps beside the table's own retention, as ClickHouse prints the expression. */
export function retentionClass(overrides: DaysByEvent): string {
  const names = Object.keys(overrides).sort();
  if (names.length === 0) return '0';
  const days = names.map((name) => overrides[name]);
  return `transform(event, [${names.map(quoteText).join(', ')}], [${days.join(', ')}], 0)`;
}
