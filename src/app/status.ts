/**
 * How a running server stands, for an operator (`GET /api/admin/status`): all that is observed, and what it has of
 * disk, journal and engine.
 */
import { readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerStatus } from '../../schemas/server-status.ts';
import { packageRoot } from '../base/package-root.ts';
import type { Config } from '../config/config.ts';
import type { Observation } from './observe.ts';

type StatusConfig = Pick<
  Config,
  'dataDir' | 'clickhouseUrl' | 'diskReserveBytes' | 'journalBudgetBytesMax' | 'durability'
>;

const startedAt = new Date().toISOString();
const manifest = readFileSync(join(packageRoot, 'package.json'), 'utf8');
const { version } = JSON.parse(manifest) as { readonly version: string }; // our own

export function statusOf(config: StatusConfig, seen: Observation): Omit<ServerStatus, 'ok' | 'message'> {
  return {
    version,
    startedAt,
    disk: { freeBytes: freeBytes(config.dataDir), reserveBytes: config.diskReserveBytes },
    journal: {
      bytes: seen.journalBytes,
      budgetBytes: config.journalBudgetBytesMax,
      durability: config.durability,
    },
    engine: { embedded: config.clickhouseUrl === null, ...seen.store },
    ...seen,
  };
}

function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
