/**
 * Events that ClickHouse refuses for their content go to `<data>/dead-letter/events.ndjson` with the reason, one a line,
 * synced before the checkpoint passes them (I1: nothing acknowledged vanishes).
 */
import { closeSync, fsyncSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DeadLetter {
  /** Appends one event; `row` is its journal row. A repeat after a crash is recognised by its seq. */
  add(seq: number, row: string, reason: string): void;
}

export function openDeadLetter(dataDir: string): DeadLetter {
  const folder = join(dataDir, 'dead-letter');
  return {
    add(seq, row, reason) {
      mkdirSync(folder, { recursive: true });
      const file = openSync(join(folder, 'events.ndjson'), 'a');
      try {
        // Goes on after a short write, where writeSync would leave half a line.
        writeFileSync(file, `${JSON.stringify({ version: 1, seq, at: new Date().toISOString(), reason, row })}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
  };
}
