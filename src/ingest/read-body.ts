/**
 * The events of a body in steps, by the compiled reader, or by the general one what that leaves; with a forced label on
 * each of them, if there is one.
 */
import type { ForcedLabel } from '../../schemas/forced-label.ts';
import type { Steps } from '../event-text/in-slices.ts';
import type { IncomingEvent } from '../event-text/incoming-event.ts';
import type { PlainReader } from '../event-text/plain-event.ts';
import { type ReadBatch, readBatchSteps } from '../event-text/read-events.ts';
import { textEvent } from '../event-text/text-event.ts';
import type { ForcedLabels } from './forced-labels.ts';

export type RefusedBatch = ReadBatch & { readonly ok: false };

/** Good until the reader reads again. */
export type ReadBody = readonly IncomingEvent[] | RefusedBatch;

export function* readBodySteps(
  reader: PlainReader,
  body: Buffer,
  isJson: boolean,
  label: ForcedLabel | null,
  labels: ForcedLabels,
): Steps<ReadBody> {
  const sent = yield* readSteps(reader, body, isJson);
  if (label === null || isRefused(sent)) return sent;
  return yield* readSteps(reader, yield* labels.bodySteps(sent, label), true);
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
