/**
 * The audit log, `audit/*.ndjson` in the data folder: who came in, who was refused, and what an operator did. Each kind
 * of line has files of its own, so that a flood of refusals takes nothing from the rest. What comes too often in a
 * minute is counted, and told when the minute is over. What cannot be written is counted and logged, and holds nobody
 * up.
 */
import { join } from 'node:path';
import { type FilePort, nodeFiles } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import type { EntryFact, OperatorFact, RefusalFact } from './audit-facts.ts';
import { AuditFiles } from './audit-files.ts';
import { LeftOut } from './left-out.ts';

export interface Audit {
  /** Synced, and never left out. */
  operated(fact: OperatorFact): void;
  /** `group` names those that are counted together where they are left out; `fact` is asked for what is written. */
  entered(group: string, fact: () => EntryFact): void;
  refused(group: string, fact: () => RefusalFact): void;
  readonly losses: AuditLosses;
  /** Tells what was left out so far. */
  close(): void;
}

export interface AuditLosses {
  /** Lines that came too often in their minute. */
  readonly leftOut: number;
  /** Lines that the disk did not take. */
  readonly unwritten: number;
}

export interface AuditOptions {
  /** Of all files together, about; 0 for no audit log. */
  readonly bytesMax: number;
  readonly files?: FilePort;
  readonly now?: () => Date;
}

export const auditFolder = (dataDir: string): string => join(dataDir, 'audit');

/** In a minute. A thousand clients that come back at once are still told one by one. */
export const entriesMax = 1_200;
export const refusalsMax = 120;
const kinds = ['operator', 'entries', 'refusals'] as const;
type Kind = (typeof kinds)[number];
const filesOfKind = 4;
const fileBytesMin = 1_024;

export const noAudit: Audit = {
  operated: () => undefined,
  entered: () => undefined,
  refused: () => undefined,
  losses: { leftOut: 0, unwritten: 0 },
  close: () => undefined,
};

export function openAudit(dataDir: string, options: AuditOptions, log: Pick<Log, 'error'>): Audit {
  return options.bytesMax === 0 ? noAudit : new AuditLog(dataDir, options, log);
}

class AuditLog implements Audit {
  readonly #files: Readonly<Record<Kind, AuditFiles>>;
  readonly #now: () => Date;
  readonly #log: Pick<Log, 'error'>;
  readonly #entries: LeftOut;
  readonly #refusals: LeftOut;
  #unwritten = 0;

  constructor(
    dataDir: string,
    { bytesMax, files = nodeFiles, now = () => new Date() }: AuditOptions,
    log: Pick<Log, 'error'>,
  ) {
    const fileBytesMax = Math.max(fileBytesMin, Math.floor(bytesMax / kinds.length / filesOfKind));
    const filesOf = (kind: Kind): AuditFiles =>
      new AuditFiles(files, auditFolder(dataDir), { kind, fileBytesMax, filesMax: filesOfKind });
    this.#files = { operator: filesOf('operator'), entries: filesOf('entries'), refusals: filesOf('refusals') };
    this.#now = now;
    this.#log = log;
    const tell = (kind: Kind) => (of: string, lines: number) => this.#write(kind, { what: 'left out', of, lines });
    this.#entries = new LeftOut(entriesMax, tell('entries'));
    this.#refusals = new LeftOut(refusalsMax, tell('refusals'));
  }

  get losses(): AuditLosses {
    return { leftOut: this.#entries.total + this.#refusals.total, unwritten: this.#unwritten };
  }

  operated(fact: OperatorFact): void {
    this.#write('operator', { ...fact, uid: process.getuid?.() ?? null, pid: process.pid });
  }

  entered(group: string, fact: () => EntryFact): void {
    if (this.#entries.admits(group)) this.#write('entries', fact());
  }

  refused(group: string, fact: () => RefusalFact): void {
    if (this.#refusals.admits(group)) this.#write('refusals', fact());
  }

  close(): void {
    this.#entries.close();
    this.#refusals.close();
    for (const kind of kinds) this.#files[kind].close();
  }

  #write(kind: Kind, fact: object): void {
    try {
      const line = JSON.stringify({ at: this.#now().toISOString(), ...fact });
      this.#files[kind].append(line, { sync: kind === 'operator' });
    } catch (error) {
      this.#unwritten += 1;
      this.#log.error({ err: error }, 'A line of the audit log could not be written');
    }
  }
}
