/**
 * How a running server stands, for an operator (`GET /api/admin/status`): all that is observed, and what it has of
 * disk, journal and engine.
 */
import type { ServerStatus } from '../../schemas/server-status.ts';
import type { FilePort } from '../base/file-port.ts';
import { packageVersion } from '../base/package-root.ts';
import type { Config } from '../config/config.ts';
import type { Observation } from './observe.ts';

type StatusConfig = Pick<
  Config,
  'dataDir' | 'clickhouseUrl' | 'diskReserveBytes' | 'journalBudgetBytesMax' | 'durability'
>;

type Disk = Pick<FilePort, 'freeBytes'>;

const startedAt = new Date().toISOString();

/** Tells how the server stands whenever it is asked. The version is that of the package now. */
export function statusTeller(
  config: StatusConfig,
  disk: Disk,
): (seen: Observation) => Omit<ServerStatus, 'ok' | 'message'> {
  const version = packageVersion();
  return (seen) => ({
    version,
    startedAt,
    disk: { freeBytes: freeBytes(disk, config.dataDir), reserveBytes: config.diskReserveBytes },
    journal: {
      bytes: seen.journalBytes,
      budgetBytes: config.journalBudgetBytesMax,
      durability: config.durability,
    },
    engine: { embedded: config.clickhouseUrl === null, ...seen.store },
    ...seen,
  });
}

function freeBytes(disk: Disk, folder: string): number | null {
  try {
    return disk.freeBytes(folder);
  } catch {
    return null;
  }
}
