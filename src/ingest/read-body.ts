/**
 * The events of a body in steps, by the compiled reader, or by the general one what that leaves; changed where they
 * have to be (rewrites.ts).
 */
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import type { Steps } from '../event-text/in-slices.ts';
import type { IncomingEvent } from '../event-text/incoming-event.ts';
import type { PlainReader } from '../event-text/plain-event.ts';
import { type ReadBatch, readBatchSteps } from '../event-text/read-events.ts';
import { textEvent } from '../event-text/text-event.ts';
import type { Rewrites } from './rewrites.ts';

export type RefusedBatch = ReadBatch & { readonly ok: false };

/** Good until the reader reads again. */
export type ReadBody = readonly IncomingEvent[] | RefusedBatch;

export function* readBodySteps(
  reader: PlainReader,
  body: Buffer,
  isJson: boolean,
  label: ForcedLabel | null,
  rewrites: Rewrites,
): Steps<ReadBody> {
  const sent = yield* readSteps(reader, body, isJson);
  if (isRefused(sent) || !rewrites.mayChange(body, label)) return sent;
  const changed = yield* rewrites.bodySteps(sent, label);
  return changed === null ? sent : yield* readSteps(reader, changed, true);
}

export function isRefused(read: ReadBody): read is RefusedBatch {
  return 'ok' in read;
}

export function eventsOf(read: ReadBatch): ReadBody {
  return read.ok ? read.events.map(textEvent) : read;
}

function* readSteps(reader: PlainReader, body: Buffer, isJson: boolean): Steps<ReadBody> {
  const plain = isJson ? yield* reader.readBatchSteps(body) : null;
  return plain ?? eventsOf(yield* readBatchSteps(body, isJson));
}
