/**
 * `sluice prefect skip`: gives up what waits to be forwarded to a Prefect server, so that the journal may let it go.
 * What is given up is written down, and can be sent later by `sluice verify --prefect URL --repair`.
 */
import { type JournalConfig, journalOf } from '../app/open-intake.ts';
import { StartRefused } from '../base/errors.ts';
import { nodeFiles } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import { receivedOf } from '../event-log/row.ts';
import { placeFile } from '../forwarder/place-file.ts';
import type { Journal } from '../journal/journal.ts';
import { acquireLock } from '../journal/lock.ts';
import { writerStateFile } from '../table-writer/writer-state-file.ts';
import type { Done } from './written-down.ts';

/** Throws StartRefused where the folder is in use, or nothing was ever forwarded from it. */
export async function skipForwarding(config: JournalConfig, log: Log, now = new Date()): Promise<Done> {
  const { dataDir, durability } = config;
  const lock = await acquireLock(dataDir);
  try {
    const isSynced = durability === 'fsync';
    const file = placeFile(dataDir, isSynced, nodeFiles);
    const place = await file.load();
    if (place === null) throw new StartRefused(`Nothing was ever forwarded to Prefect from ${dataDir}.`);
    const journal = journalOf(config, await writerStateFile(dataDir, isSynced).load(), log, {});
    const [first, last] = [place.confirmed + 1, journal.head];
    const since = receivedFrom(journal, Math.max(first, journal.oldest));
    journal.close();
    if (since === null) {
      const fact = { what: 'nothing to do', command: 'prefect skip' } as const;
      return { fact, ok: true, text: 'Nothing waits to be forwarded to Prefect.' };
    }
    const skipped = [...place.skipped, { first, last, at: now.toISOString() }];
    await file.save({ confirmed: last, maybeSentUpTo: last, skipped });
    const text =
      `Events from seq ${first} to ${last} are not forwarded to Prefect; the first was received at ${since} UTC. ` +
      'Start Sluice again; `sluice verify --prefect URL --since … --repair` sends what Prefect lacks.';
    return { fact: { what: 'forwarding skipped' }, ok: true, text };
  } finally {
    await lock.release();
  }
}

/** When the first event from this seq on was received; null if there is none. */
function receivedFrom(journal: Journal, from: number): string | null {
  const { rows, count } = journal.read(from, 1, journal.head);
  return count === 0 ? null : receivedOf(rows);
}
