/** A sample event as the line that the journal would hold. */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { formatTimeForClickHouse } from '../../src/filter/time.ts';
import { received } from './arbitraries.ts';

export function rowOf({ seq, raw, search, body }: StoredEvent): Buffer {
  const head = Buffer.byteLength(raw.slice(0, raw.indexOf(',"payload":{')));
  const times = [received, body.occurred].map(formatTimeForClickHouse);
  return Buffer.from(`${[seq, body.id, ...times, head, search, raw].join('\t')}\n`);
}
