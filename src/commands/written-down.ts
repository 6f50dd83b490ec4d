/**
 * A command that changes a data folder has a line in the audit log before it begins, and one when it has ended. Of one
 * that was killed there is only the first.
 */
import { existsSync } from 'node:fs';
import { type Audit, noAudit, openAudit } from '../access/audit.ts';
import type { FolderCommand, OperatorFact } from '../access/audit-facts.ts';
import { createLog } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { isGatewayFolder } from '../gateway/gateway-folder.ts';
import { epochPath } from '../journal/epoch-file.ts';

/** What a command came to. */
export interface Done {
  readonly fact: OperatorFact;
  readonly ok: boolean;
  /** For who called it. */
  readonly text: string;
}

/** Rejects with what `run` does. */
export async function runWrittenDown(
  audit: Pick<Audit, 'operated'>,
  command: FolderCommand,
  run: () => Promise<Done>,
): Promise<Done> {
  audit.operated({ what: 'tried', command });
  try {
    const done = await run();
    audit.operated(done.fact);
    return done;
  } catch (error) {
    audit.operated({ what: 'failed', command });
    throw error;
  }
}

/** Of the folder that the settings name, where a Sluice has made it: commands about gateways may be run elsewhere. */
export function folderAudit({ dataDir, auditBytesMax: bytesMax, logLevel }: Config): Audit {
  const isThere = isGatewayFolder(dataDir) || existsSync(epochPath(dataDir));
  return isThere ? openAudit(dataDir, { bytesMax }, createLog(logLevel)) : noAudit;
}
