/**
 * The law of reading: whatever bytes come, the compiled reader, the general one and a slow normaliser say the same of
 * them, and keep the same row. Where the compiled reader leaves a good event to the general one, a key comes twice.
 */
import type { IncomingEvent } from '../../src/event-text/incoming-event.ts';
import { PlainReader } from '../../src/event-text/plain-event.ts';
import { readMessage } from '../../src/event-text/read-events.ts';
import { textEvent } from '../../src/event-text/text-event.ts';
import { normalise } from './normalise.ts';

const receipt = { received: '2026-11-27T10:00:00.123000Z', column: '2026-11-27 10:00:00.123000' };
const seq = 7;
const reader = new PlainReader();
let row = Buffer.alloc(64 * 1024);

/** What became of the bytes: taken by compiled code, by the general reader, or refused. */
export type Reading = 'compiled' | 'general' | 'refused';

/** Throws an Error that shows the bytes where the readers differ. */
export function readAlike(bytes: Buffer): Reading {
  const wanted = normalise(bytes, seq, receipt);
  const compiled = reader.readMessage(bytes);
  if (compiled !== null) {
    if (rowOf(compiled) !== wanted.row) throw differs('The compiled reader', bytes, rowOf(compiled), wanted.row);
    return 'compiled';
  }
  const general = rowOfGeneral(bytes);
  if (general !== wanted.row) throw differs('The general reader', bytes, general, wanted.row);
  if (general === null) return 'refused';
  if (!wanted.repeats) throw differs('The compiled reader', bytes, null, wanted.row);
  return 'general';
}

/** What is kept of an event. */
export function rowOf(event: IncomingEvent): string {
  if (row.length < event.rowBytesMax) row = Buffer.alloc(event.rowBytesMax);
  return row.toString('utf8', 0, event.writeRow(row, 0, seq, receipt));
}

export function rowOfGeneral(bytes: Buffer): string | null {
  const read = readMessage(bytes);
  return read.ok && !read.event.isTooLarge ? rowOf(textEvent(read.event)) : null;
}

function differs(who: string, bytes: Buffer, found: string | null, wanted: string | null): Error {
  return new Error(`${who} differs on ${JSON.stringify(bytes.toString('latin1'))}: ${found} instead of ${wanted}`);
}
