/**
 * `sluice recover`: goes on from a journal that the start refuses as damaged. What is good before the damage stays, the rest is
 * moved to `journal/damaged/` and counted, and a new epoch begins (I1: nothing is skipped silently).
 */
import type { Config } from './config.ts';
import { StartRefused } from './errors.ts';
import { writerStateFile } from './ingest/writer-state.ts';
import type { Journal } from './journal/journal.ts';
import { acquireLock } from './journal/lock.ts';
import type { Log } from './log.ts';
import { journalOf } from './open-intake.ts';

/** Resolves to a sentence that says what was saved and what was not. Throws StartRefused for what no command can help with. */
export async function recoverJournal(config: Config, log: Log): Promise<string> {
  const lock = await acquireLock(config.dataDir);
  try {
    const state = writerStateFile(config.dataDir, config.durability === 'fsync').read();
    const checkpoint = state?.checkpoint ?? 0;
    let damage: string;
    try {
      const whole = journalOf(config, state, log, {});
      whole.close();
      return `The journal is good up to seq ${whole.head}: there is nothing to recover.`;
    } catch (error) {
      if (!(error instanceof StartRefused)) throw error;
      damage = error.message;
    }
    const journal = journalOf(config, state, log, { isForced: true });
    journal.close();
    return `${damage}\n${saved(journal, checkpoint)}`;
  } finally {
    await lock.release();
  }
}

function saved({ aside, firstSeq, oldest }: Journal, checkpoint: number): string {
  const kept = oldest < firstSeq ? `from seq ${oldest} up to the damage` : 'none';
  const moved =
    aside.folder === null
      ? 'Nothing had to be moved.'
      : `${aside.files} files or parts of files with ${aside.bytes} bytes, in them ${aside.events} whole events up to seq ${aside.newestSeq} and ${aside.parked} parked ones, were moved to ${aside.folder}; those above seq ${checkpoint} are not in ClickHouse, and the parked ones were not looked up there.`;
  return `Events kept: ${kept}. ${moved} A new epoch begins with seq ${firstSeq}: \`npm start\` goes on.`;
}
