/**
 * Events that need no rewriting, read where they lie: compiled code (src/event-text/read-plain-event.ts) vouches for a
 * message's bytes and makes its search text, and the row is put together from both without a string in between (I2,
 * decision 025). What it does not take, the general reader takes or explains.
 */

import { idCharacters } from '../event-log/row.ts';
import { columnBytesMax, type ReceiptTexts } from '../event-log/row-source.ts';
import { formatTimeForClickHouse, parseTime } from '../filter/time.ts';
import { finished, type Steps } from './in-slices.ts';
import type { IncomingEvent } from './incoming-event.ts';
import { code } from './plain-event-code.ts';

/** Behind the code's own data. */
const textFrom = 16 * 1024;
/** The code reads and writes a little behind the end of what it is given. */
const slackBytes = 64;
const pageBytes = 64 * 1024;
/** What is longer is read by the general reader: memory that was once taken stays. */
const textBytesMax = 4 * 1024 * 1024;

const stepEvents = 64;

/** Places of the numbers that the code leaves. */
const result = { occurredFrom: 0, occurredTo: 1, headTo: 2, idFrom: 3, hasFollows: 4, searchTo: 5 } as const;
const results = 6;
const tab = 9;
/** Of `,"follows":null,"received":"…"}` and the line feed. */
const suffixBytesMax = 80;

/** Of what every Node has, the part that is used here; its types come with those of browsers only. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface Code {
  readonly memory: Memory;
  readonly readEvent: (from: number, to: number, searchFrom: number) => number;
}

/** The memory that texts and search texts lie in, as this turn's views. */
interface Views {
  readonly bytes: Uint8Array;
  readonly text: Buffer;
  readonly results: Int32Array;
}

/** An event in the reader's memory: good until the reader reads again. */
export class PlainEvent implements IncomingEvent {
  readonly id: string;
  /** Canonical. */
  readonly occurred: string;
  /** Bytes of the text before `,"payload"`. */
  readonly #head: number;
  readonly #views: Views;
  readonly #from: number;
  /** Where its closing brace stands. */
  readonly #to: number;
  readonly #hasFollows: boolean;
  readonly #searchFrom: number;
  readonly #searchTo: number;

  constructor(views: Views, from: number, end: number, searchFrom: number, occurred: string) {
    const { text, results: numbers } = views;
    const idFrom = numbers[result.idFrom] ?? 0;
    this.#views = views;
    this.id = text.toString('latin1', idFrom, idFrom + idCharacters);
    this.occurred = occurred;
    this.#head = (numbers[result.headTo] ?? 0) - from;
    this.#from = from;
    this.#to = end - 1;
    this.#hasFollows = numbers[result.hasFollows] === 1;
    this.#searchFrom = searchFrom;
    this.#searchTo = numbers[result.searchTo] ?? 0;
  }

  get rawBytesMax(): number {
    return this.#to - this.#from + suffixBytesMax;
  }

  get rowBytesMax(): number {
    return columnBytesMax + this.#searchTo - this.#searchFrom + this.rawBytesMax;
  }

  writeRow(into: Buffer, at: number, number: number, { received, column }: ReceiptTexts): number {
    const { bytes } = this.#views;
    const columns = `${number}\t${this.id}\t${column}\t${formatTimeForClickHouse(this.occurred)}\t${this.#head}\t`;
    let end = at + into.write(columns, at, 'latin1');
    into.set(bytes.subarray(this.#searchFrom, this.#searchTo), end);
    end += this.#searchTo - this.#searchFrom;
    into[end] = tab;
    end += 1;
    into.set(bytes.subarray(this.#from, this.#to), end);
    end += this.#to - this.#from;
    return end + into.write(`${this.#hasFollows ? '' : ',"follows":null'},"received":"${received}"}\n`, end, 'latin1');
  }
}

export class PlainReader {
  readonly #code: Code;
  #views: Views;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(code, 'base64'));
    const { exports } = new WebAssembly.Instance(module, { env: { abort: unreachable } });
    this.#code = exports as Code; // what src/event-text/read-plain-event.ts exports
    this.#views = viewsOf(this.#code.memory);
  }

  /** The event that the whole message is; null if it is none, or not plain. */
  readMessage(message: Uint8Array): PlainEvent | null {
    if (!this.#take(message)) return null;
    const end = textFrom + message.length;
    const event = this.#read(textFrom, end, searchFromOf(end));
    return event !== null && event.end === end ? event.event : null;
  }

  /** The events of a list; null unless all of it is plain. */
  readBatch(body: Uint8Array): PlainEvent[] | null {
    return finished(this.readBatchSteps(body));
  }

  /** The same in steps, between which nothing else may be read. */
  *readBatchSteps(body: Uint8Array): Steps<PlainEvent[] | null> {
    if (!this.#take(body)) return null;
    const { bytes } = this.#views;
    const end = textFrom + body.length;
    const events: PlainEvent[] = [];
    let at = textFrom;
    let searchFrom = searchFromOf(end);
    if (bytes[at] !== 0x5b) return null;
    do {
      const read = this.#read(at + 1, end, searchFrom);
      if (read === null) return null;
      events.push(read.event);
      at = read.end;
      searchFrom = read.searchTo;
      if (events.length % stepEvents === 0) yield;
    } while (bytes[at] === 0x2c && at < end);
    return bytes[at] === 0x5d && at === end - 1 ? events : null;
  }

  #read(from: number, end: number, searchFrom: number): { event: PlainEvent; end: number; searchTo: number } | null {
    const eventEnd = this.#code.readEvent(from, end, searchFrom);
    if (eventEnd === 0) return null;
    const { text, results: numbers } = this.#views;
    const occurred = text.toString('latin1', numbers[result.occurredFrom], numbers[result.occurredTo]);
    const parsed = parseTime(occurred);
    if (!parsed.ok || parsed.time !== occurred) return null;
    const event = new PlainEvent(this.#views, from, eventEnd, searchFrom, occurred);
    return { event, end: eventEnd, searchTo: numbers[result.searchTo] ?? 0 };
  }

  /** Copies a text into the code's memory; false for one that is too long. */
  #take(text: Uint8Array): boolean {
    if (text.length > textBytesMax) return false;
    const { memory } = this.#code;
    const wanted = textFrom + 2 * text.length + 4 * slackBytes;
    if (memory.buffer.byteLength < wanted) {
      memory.grow(Math.ceil((wanted - memory.buffer.byteLength) / pageBytes));
      this.#views = viewsOf(memory);
    }
    this.#views.bytes.set(text, textFrom);
    return true;
  }
}

/** A search text is never longer than its text: each of its pieces had two quotes, or a colon or comma, around it. */
function searchFromOf(textEnd: number): number {
  return textEnd + slackBytes;
}

function viewsOf({ buffer }: Memory): Views {
  return { bytes: new Uint8Array(buffer), text: Buffer.from(buffer), results: new Int32Array(buffer, 0, results) };
}

function unreachable(): never {
  throw new Error('the code that reads plain events has aborted');
}
