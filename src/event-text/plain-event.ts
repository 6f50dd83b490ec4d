/**
 * Events read where they lie: compiled code (src/event-text/compiled/) checks a message's bytes and puts the row
 * together from them, without a string in between (I2, decision 037). What it does not take, the general reader takes
 * or explains, one event at a time.
 */

import { isUtf8 } from 'node:buffer';
import { idCharacters } from '../event-log/row.ts';
import { columnBytesMax, type ReceiptTexts } from '../event-log/row-source.ts';
import { CompiledReader, idPlace, result, textFrom } from './compiled-reader.ts';
import { finished, type Steps } from './in-slices.ts';
import type { IncomingEvent } from './incoming-event.ts';
import { beyondBytes, isBeyondEvent } from './judge-bytes.ts';
import { readMessage } from './read-events.ts';
import { textEvent } from './text-event.ts';

const stepEvents = 64;

/** Of the time of receipt and what follows it, at most. */
const suffixBytesMax = 48;
const [comma, openList, closeList] = [0x2c, 0x5b, 0x5d];
const markBytes = 3;

/** An event in the reader's memory: good until the reader reads again. */
export class PlainEvent implements IncomingEvent {
  readonly id: string;
  readonly occurredSeconds: number;
  readonly rawBytesMax: number;
  readonly #bytes: Uint8Array;
  /** What the row holds between the two places of the time of receipt. */
  readonly #from: number;
  readonly #to: number;

  constructor({ bytes, text, results, occurredSeconds, intoFrom }: CompiledReader) {
    this.id = text.toString('latin1', idPlace, idPlace + idCharacters);
    this.occurredSeconds = occurredSeconds;
    this.rawBytesMax = (results[result.rawBytes] ?? 0) + suffixBytesMax;
    this.#bytes = bytes;
    this.#from = intoFrom;
    this.#to = intoFrom + (results[result.blockBytes] ?? 0);
  }

  get rowBytesMax(): number {
    return columnBytesMax + this.#to - this.#from + suffixBytesMax;
  }

  /** Where the reader may put the next one together. */
  get end(): number {
    return this.#to;
  }

  writeRow(into: Buffer, at: number, number: number, { received, column }: ReceiptTexts): number {
    let end = at + into.write(`${number}\t${this.id}\t${column}\t`, at, 'latin1');
    into.set(this.#bytes.subarray(this.#from, this.#to), end);
    end += this.#to - this.#from;
    return end + into.write(`${received}"}\n`, end, 'latin1');
  }
}

export class PlainReader {
  readonly #reader = new CompiledReader();

  /** The event that the whole message is; null if it is none, or one that the general reader must look at. */
  readMessage(message: Uint8Array): PlainEvent | null {
    const end = this.#reader.take(message);
    const eventEnd = end === 0 ? 0 : this.#reader.readEvent(textFrom + markOf(message));
    if (eventEnd === 0 || this.#pastBlanks(eventEnd) !== end || !this.#isUtf8(message)) return null;
    return new PlainEvent(this.#reader);
  }

  /** The events of a list; null if any of them is refused. */
  readBatch(body: Uint8Array): IncomingEvent[] | null {
    return finished(this.readBatchSteps(body));
  }

  /** The same in steps, between which nothing else may be read. */
  *readBatchSteps(body: Uint8Array): Steps<IncomingEvent[] | null> {
    const reader = this.#reader;
    const end = reader.take(body);
    if (end === 0) return null;
    const { bytes } = reader;
    const events: IncomingEvent[] = [];
    let at = this.#pastBlanks(textFrom + markOf(body));
    if (bytes[at] !== openList) return null;
    do {
      at += 1;
      const eventEnd = reader.readEvent(at);
      if (eventEnd - at > beyondBytes) return null;
      if (eventEnd > 0) {
        const event = new PlainEvent(reader);
        reader.intoFrom = event.end;
        events.push(event);
        at = eventEnd;
      } else {
        const valueEnd = reader.passValue(at);
        const event = valueEnd === 0 ? null : readOdd(reader.text.subarray(at, valueEnd));
        if (event === null) return null;
        events.push(event);
        at = valueEnd;
        yield;
      }
      at = this.#pastBlanks(at);
      if (events.length % stepEvents === 0) yield;
    } while (bytes[at] === comma);
    return bytes[at] === closeList && this.#pastBlanks(at + 1) === end && this.#isUtf8(body) ? events : null;
  }

  #isUtf8(text: Uint8Array): boolean {
    return this.#reader.results[result.isBeyondAscii] === 0 || isUtf8(text);
  }

  #pastBlanks(from: number): number {
    const { bytes } = this.#reader;
    let at = from;
    while (isBlank(bytes[at])) at += 1;
    return at;
  }
}

/** By the general reader; null if it is refused. */
function readOdd(text: Buffer): IncomingEvent | null {
  if (isBeyondEvent(text)) return null;
  const read = readMessage(text);
  return read.ok && !read.event.isTooLarge ? textEvent(read.event) : null;
}

/** Bytes of the mark of UTF-8 that a text may begin with. */
function markOf(text: Uint8Array): number {
  return text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf ? markBytes : 0;
}

function isBlank(code: number | undefined): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
