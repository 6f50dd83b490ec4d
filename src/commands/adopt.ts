/**
 * `sluice adopt`: makes this data folder the owner of a database that does not know it, or that another one owned, with
 * a new epoch (docs/design.md, "Whose database it is"). What the journal still holds goes into that database at the
 * next start.
 */

import { openSource } from '../app/connect-store.ts';
import { journalOf } from '../app/open-intake.ts';
import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { catchUp, syncEvents, syncSmall } from '../clickhouse/deciding-reads.ts';
import { adoptDatabase, newestInserted, registerOwner } from '../clickhouse/ownership.ts';
import { openStore } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import { acquireLock } from '../journal/lock.ts';
import { doubted } from '../table-writer/ledger.ts';
import type { WriterState } from '../table-writer/writer-state.ts';
import { writerStateFile } from '../table-writer/writer-state-file.ts';
import type { StoppedConfig } from './open-stopped.ts';

const answerMs = 60_000;

/**
 * Resolves to a sentence that says what was done. Throws StartRefused while another owner is alive, or if ClickHouse
 * does not answer.
 */
export async function adopt(config: StoppedConfig & Pick<Config, 'batchRowsMax'>, log: Log): Promise<string> {
  const lock = await acquireLock(config.dataDir);
  const stateFile = writerStateFile(config.dataDir, config.durability === 'fsync');
  const found = journalOf(config, null, log, {});
  found.close();
  const { owner, oldest, head } = found;
  // After a power cut a new epoch has just begun, which no database knows: the journal's tail is of the one before.
  const epochs = [found.epoch, found.epochOf(found.firstSeq - 1), found.epochOf(oldest)];
  const written = await stateFile.load();
  let sentence = '';
  const store = openStore({
    ...config,
    source: openSource(config, log),
    log,
    async verify({ client, layout }) {
      await catchUp(client, [...syncEvents(layout), ...syncSmall(layout, 'journals')]);
      const { maxSeq } = await adoptDatabase(client, owner);
      const inserted = await newestInserted(client, { epochs, oldest, head });
      const goOn = goOnFrom(written, { head, inserted, batchRowsMax: config.batchRowsMax });
      const state = goOn === null ? null : doubted(goOn);
      const journal = journalOf(config, state, log, { newEpoch: true });
      if (journal.firstSeq <= maxSeq) {
        throw new StartRefused(
          `The database holds events up to seq ${maxSeq}, which lies in the future: set this machine's ` +
            `clock right first.`,
        );
      }
      const { epoch, firstSeq, checkpoint } = journal;
      const facts = { owner, epoch, firstSeq, checkpoint, head: journal.head, sentUpTo: checkpoint };
      await registerOwner(client, { ...facts, everInserted: false });
      // The old books are those of another database, or of what another folder has put into this one.
      await stateFile.save({
        version: 2,
        range: null,
        ...state,
        epoch,
        checkpoint,
        everInserted: false,
        books: [],
        replayed: [],
      });
      journal.close();
      sentence = `Adopted ${store.status.where}: this data folder owns it now, from seq ${firstSeq} on.`;
    },
  });
  try {
    await store.whenReady(AbortSignal.timeout(answerMs));
    return sentence;
  } catch (cause) {
    throw new StartRefused(`The database could not be adopted: ${store.status.reason}`, { cause });
  } finally {
    await store.close();
    await lock.release();
  }
}

/**
 * Where the writer goes on in what the journal still holds: behind what the database has of it, and not beyond its end.
 * The newest batch may be there in part, so what could be of it is looked for.
 */
export function goOnFrom(
  written: WriterState | null,
  { head, inserted, batchRowsMax }: { readonly head: number; readonly inserted: number; readonly batchRowsMax: number },
): Pick<WriterState, 'checkpoint' | 'range' | 'maybeStoredUpTo'> | null {
  const known = Math.min(written?.checkpoint ?? 0, head);
  if (inserted > known) {
    return { checkpoint: Math.max(known, inserted - batchRowsMax), range: null, maybeStoredUpTo: inserted };
  }
  if (known === 0) return null;
  const range = written?.range ?? null;
  return { checkpoint: known, range: range !== null && range.first > known && range.first <= head ? range : null };
}
