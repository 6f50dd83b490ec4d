/**
 * An event whose canonical text the general reader has made (canonical.ts), or that was parked, as a row's source.
 */

import { columnBytesMax, type ReceiptTexts } from '../event-log/row-source.ts';
import { formatTimeForClickHouse } from '../filter/time.ts';
import { wholeSeconds } from '../filter/whole-seconds.ts';
import { type CanonicalEvent, finishRaw } from './canonical.ts';
import type { IncomingEvent } from './incoming-event.ts';

/** Of `,"received":"…"}`. */
const receivedBytes = 64;
/** UTF-8 bytes of a UTF-16 code unit, at most. */
const bytesPerUnit = 3;

export class TextEvent implements IncomingEvent {
  readonly id: string;
  readonly occurredSeconds: number;
  readonly rawBytesMax: number;
  readonly rowBytesMax: number;
  /** Canonical. */
  readonly #occurred: string;
  readonly #event: Pick<CanonicalEvent, 'open' | 'head' | 'search' | 'isAscii'>;

  constructor(id: string, occurred: string, event: Pick<CanonicalEvent, 'open' | 'head' | 'search' | 'isAscii'>) {
    const perUnit = event.isAscii ? 1 : bytesPerUnit;
    this.id = id;
    this.occurredSeconds = wholeSeconds(occurred);
    this.#occurred = occurred;
    this.rawBytesMax = event.open.length * perUnit + receivedBytes;
    this.rowBytesMax = columnBytesMax + this.rawBytesMax + event.search.length * perUnit;
    this.#event = event;
  }

  writeRow(into: Buffer, at: number, number: number, { received, column }: ReceiptTexts): number {
    const { head, search, isAscii } = this.#event;
    const columns = `${number}\t${this.id}\t${column}\t${formatTimeForClickHouse(this.#occurred)}\t${head}\t`;
    const row = `${columns}${search}\t${finishRaw(this.#event, received)}\n`;
    // Written byte by character where that is the same, at half the cost.
    return at + into.write(row, at, isAscii ? 'latin1' : 'utf8');
  }
}

export function textEvent(event: CanonicalEvent): TextEvent {
  return new TextEvent(event.body.id, event.body.occurred, event);
}
