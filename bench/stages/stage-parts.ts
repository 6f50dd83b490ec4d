/**
 * What stages of the bench have in common: a journal in a folder, intake on it, and the CPU that work takes.
 */
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import type { Redactor } from '../../src/event-text/redactor.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import type { Intake } from '../../src/ingest/intake.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { type Journal, openJournal } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/journal-options.ts';

export const mebibyte = 1024 * 1024;

export function journalIn(
  directory: string,
  options: Partial<Pick<JournalOptions, 'durability' | 'recentBytes'>> = {},
): Journal {
  return openJournal({
    directory,
    durability: 'process',
    segmentBytesMax: 64 * mebibyte,
    budgetBytesMax: 8192 * mebibyte,
    reserveFreeBytes: 0,
    keepBytesPastCheckpoint: 0,
    keepMsPastCheckpoint: 0,
    checkpoint: null,
    log: createLog('silent'),
    ...options,
  });
}

export function intakeOn(journal: Journal, redactor: Redactor | null = null): Intake {
  return createIntake({
    journal,
    window: new IdWindow({ idsMax: 1_000_000, checkpoint: () => journal.checkpoint, forgotten: new ForgottenIds() }),
    parked: new ParkedEvents({ eventsMax: 1, bytesMax: 1 }),
    live: new LiveBus(journal.head),
    log: createLog('silent'),
    counters: createCounters(),
    redactor,
    gate: () => null,
    now: Date.now,
    elapsedMs: () => performance.now(),
  });
}

/** µs of all threads since `start`. */
export function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}
