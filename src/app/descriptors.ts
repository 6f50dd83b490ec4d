/**
 * How many files and sockets this process may have open (nofile), and how many of them connections may take: the rest
 * is kept for the journal, the store and the engine, so that peers cannot keep the journal from its next file (I1).
 * Node itself has raised the soft limit to the hard one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { StartRefused } from '../base/errors.ts';

/**
 * What may still be opened for ourselves once connections are taken: files of the journal, reads of the store, the
 * engine's pipes.
 */
const ownReserve = 64;
/** With fewer the program itself cannot go on; the embedded engine has about 130 open when it is idle. */
const leastOpenFiles = 128;
const leastWithEngine = 256;

export interface DescriptorRoom {
  readonly openFilesMax: number;
  /** At once, WebSockets among them. */
  readonly connectionsMax: number;
}

export interface DescriptorFacts {
  /** Null where the system does not say. */
  readonly openFilesMax: number | null;
  readonly openFiles: number;
}

/** Throws StartRefused where the limit is too low to run. */
export function descriptorRoom({ openFilesMax, openFiles }: DescriptorFacts): DescriptorRoom | null {
  if (openFilesMax === null) return null;
  if (openFilesMax < leastOpenFiles) {
    throw new StartRefused(
      `The limit of open files (nofile) is ${openFilesMax}: Sluice needs ${leastOpenFiles}, with the ` +
        `embedded ClickHouse ${leastWithEngine}. ${wayOn}`,
    );
  }
  return { openFilesMax, connectionsMax: Math.max(1, openFilesMax - openFiles - ownReserve) };
}

export interface DescriptorsWanted {
  readonly socketsMax: number;
  readonly hasEngine: boolean;
}

/** What is worth knowing at the start, as sentences. */
export function descriptorWarnings(
  room: DescriptorRoom | null,
  { socketsMax, hasEngine }: DescriptorsWanted,
): readonly string[] {
  if (room === null) return [];
  const { openFilesMax, connectionsMax } = room;
  const limit = `the limit of open files (nofile) is ${openFilesMax}`;
  return [
    ...(hasEngine && openFilesMax < leastWithEngine
      ? [`${limit}: the embedded ClickHouse needs ${leastWithEngine}. ${wayOn}`]
      : []),
    ...(connectionsMax < socketsMax
      ? [`${limit}: ${connectionsMax} connections fit, not the ${socketsMax} of SLUICE_SOCKETS_MAX. ${wayOn}`]
      : []),
  ];
}

const wayOn = 'Raise it (`ulimit -n`, `LimitNOFILE=` of systemd, `--ulimit nofile=` of Docker).';

/** Of this process now. */
export function descriptorFacts(): DescriptorFacts {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return { openFilesMax: soft === undefined ? null : Number(soft), openFiles: readdirSync('/proc/self/fd').length };
  } catch {
    // No Linux, or /proc is not to be read.
    return { openFilesMax: null, openFiles: 0 };
  }
}

/** Infinity where the system does not say. */
export function descriptorsLeft(): number {
  const { openFilesMax, openFiles } = descriptorFacts();
  return openFilesMax === null ? Number.POSITIVE_INFINITY : openFilesMax - openFiles;
}
