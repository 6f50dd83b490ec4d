/** What the audit log of a data folder says, for tests. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditFolder } from '../src/access/audit.ts';

export interface AuditLine {
  readonly what: string;
  readonly command?: string;
  readonly pid: number;
}

/** `kind`: of which files; all by default. */
export function auditLines(dataDir: string, kind = ''): AuditLine[] {
  const folder = auditFolder(dataDir);
  return readdirSync(folder)
    .filter((name) => name.startsWith(kind))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .flatMap((text) => text.split('\n').filter((line) => line !== ''))
    .map((line) => JSON.parse(line) as AuditLine); // what is tested
}

/** What operators did by commands that are about all gateways, in their order. */
export function clusterLines(dataDir: string): string[] {
  const lines = auditLines(dataDir, 'operator').filter(({ what }) => what !== 'started' && what !== 'stopped');
  return lines.map(({ what, command }) => (command === undefined ? what : `${what} ${command}`));
}
