/**
 * A command that changes a data folder has a line in the audit log before it begins, and one when it has ended. Of one
 * that was killed there is only the first.
 */
import type { Audit } from '../access/audit.ts';
import type { FolderCommand, OperatorFact } from '../access/audit-facts.ts';

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
