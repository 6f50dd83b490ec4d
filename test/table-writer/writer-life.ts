/**
 * What a life of the table writer needs in its property tests: a state and a dead letter in a folder, and a clock that
 * the test moves.
 */
import { vi } from 'vitest';
import type { LogAdmin } from '../../src/event-log/log-admin.ts';
import { openDeadLetter } from '../../src/table-writer/dead-letter.ts';
import { openWriterState } from '../../src/table-writer/open-writer-state.ts';
import { writerStateFile } from '../../src/table-writer/writer-state-file.ts';

/** Lets turns and fake time pass until the fact is true. */
export async function until(fact: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!fact()) {
    if (Date.now() > deadline) throw new Error('the fact did not come true within 10 s');
    await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(100);
  }
}

/** What the writer goes on from, and where it keeps what comes of that. */
export async function kept(dataDir: string, journal: LogAdmin) {
  const stateStore = writerStateFile(dataDir, false);
  const deadLetter = openDeadLetter(dataDir);
  return { stateStore, deadLetter, state: await openWriterState(stateStore, journal, deadLetter) };
}
