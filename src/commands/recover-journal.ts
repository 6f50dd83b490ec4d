/**
 * `sluice recover`: goes on from a journal, or a table writer's state, that the start refuses as damaged. What is good
 * before the damage stays, the rest is moved to `journal/damaged/` and counted, a damaged state is set aside, and a new
 * epoch begins: with that, the next start asks ClickHouse what it has of the epochs before (I1, I8: nothing is skipped
 * silently, nothing is inserted twice).
 */

import { type JournalConfig, journalOf } from '../app/open-intake.ts';
import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Journal } from '../journal/journal.ts';
import { acquireLock } from '../journal/lock.ts';
import type { WriterState } from '../table-writer/writer-state.ts';
import { writerStateFile } from '../table-writer/writer-state-file.ts';
import type { Done } from './written-down.ts';

/**
 * Its text says what was saved and what was not. Throws StartRefused for what no command can help
 * with.
 */
export async function recoverJournal(config: JournalConfig, log: Log): Promise<Done> {
  const lock = await acquireLock(config.dataDir);
  try {
    const stateFile = writerStateFile(config.dataDir, config.durability === 'fsync');
    const { value: state, damage: stateDamage } = await attempt(() => stateFile.load());
    const { value: whole, damage } = await attempt(async () => journalOf(config, state, log, {}));
    whole?.close();
    if (whole !== null && stateDamage === null) {
      const text = `The journal is good up to seq ${whole.head}: there is nothing to recover.`;
      return { fact: { what: 'nothing to do', command: 'recover' }, ok: true, text };
    }
    const journal = journalOf(config, state, log, damage === null ? { newEpoch: true } : { isForced: true });
    journal.close();
    // Last: killed before, the next start finds it damaged still; without it and in the old epoch, it would not know
    // what was inserted.
    if (stateDamage !== null) stateFile.setAsideDamaged();
    const ofJournal = damage === null ? [] : [damage, saved(journal, state)];
    const ofState =
      stateDamage === null
        ? []
        : [
            stateDamage,
            'It was set aside as `writer.damaged`; events are looked up in ClickHouse, and the books begin anew.',
          ];
    const next = `A new epoch begins with seq ${journal.firstSeq}: \`npm start\` goes on.`;
    return { fact: { what: 'recovered' }, ok: true, text: [...ofJournal, ...ofState, next].join('\n') };
  } finally {
    await lock.release();
  }
}

/** The sentence of a StartRefused instead of what was wanted. */
async function attempt<Value>(
  get: () => Promise<Value>,
): Promise<{ readonly value: Value | null; readonly damage: string | null }> {
  try {
    return { value: await get(), damage: null };
  } catch (error) {
    if (error instanceof StartRefused) return { value: null, damage: error.message };
    throw error;
  }
}

function saved({ aside, firstSeq, oldest }: Journal, state: WriterState | null): string {
  const kept = oldest < firstSeq ? `from seq ${oldest} up to the damage` : 'none';
  const inserted = state === null ? '' : `; those above seq ${state.checkpoint} are not in ClickHouse`;
  const moved =
    aside.folder === null
      ? 'Nothing had to be moved.'
      : `${aside.files} files or parts of files with ${aside.bytes} bytes, in them ${aside.events} whole ` +
        `events up to seq ${aside.newestSeq} and ${aside.parked} parked ones, were moved ` +
        `to ${aside.folder}${inserted}, and the parked ones were not looked up there.`;
  return `Events kept: ${kept}. ${moved}`;
}
