/**
 * The compiled code (src/event-text/compiled/) with its memory: texts are copied in, what it puts together lies there
 * until the next text.
 */
import { parseTime } from '../filter/time.ts';
import { parseUuid } from '../filter/uuid.ts';
import { foldTables } from './folds.ts';
import { code } from './plain-event-code.ts';

/** Places in the memory, as src/event-text/compiled/places.ts has them. */
export const result = { blockBytes: 0, rawBytes: 1, isBeyondAscii: 2 } as const;
const results = 3;
const secondsPlace = 16;
export const idPlace = 128;
const foldedLeads = 344_064;
const foldBlocks = 344_128;
const foldsFrom = 348_224;
export const textFrom = 384 * 1024;

/** The code reads and writes a little behind the end of what it is given. */
const slackBytes = 64;
const pageBytes = 64 * 1024;
/**
 * What is longer is read by the general reader: memory that was once taken stays. As long as a body may be if nobody
 * set it otherwise.
 */
const textBytesMax = 5 * 1024 * 1024;
/** A search text is longer than its text at most by so much: a letter of two bytes may be folded to three. */
const perSearched = 1.5;
/** Search text, canonical text, and for the least event of a hundred bytes what it did not send. */
const perPutTogether = perSearched + 1 + 3.2;

/** Of what every Node has, the part that is used here; its types come with those of browsers only. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface Code {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly readEvent: (from: number, to: number, rawFrom: number, searchFrom: number, into: number) => number;
  readonly passValue: (from: number, rawFrom: number, searchFrom: number) => number;
}

let module: object | null = null;

/** One for all readers: what the engine has made faster for one of them is so for the others. */
function compiled(): object {
  module ??= new WebAssembly.Module(Buffer.from(code, 'base64'));
  return module;
}

export class CompiledReader {
  /** The memory: as bytes, as text, and the numbers that the code leaves. */
  bytes: Uint8Array;
  text: Buffer;
  results: Int32Array;
  #seconds: Float64Array;
  readonly #code: Code;
  /** Where the text ends, and what is made of it begins. */
  #end = textFrom;
  #rawFrom = 0;
  #searchFrom = 0;
  /** Where the next event is put together. */
  intoFrom = 0;

  constructor() {
    const env = {
      abort: unreachable,
      readTime: (from: number, to: number, into: number) => this.#readTime(from, to, into),
      readUuid: (from: number, to: number, into: number) => this.#readUuid(from, to, into),
    };
    const { exports } = new WebAssembly.Instance(compiled(), { env });
    this.#code = exports as Code; // what src/event-text/compiled/read-plain-event.ts exports
    this.#grow(textFrom);
    const { buffer } = this.#code.memory;
    this.bytes = new Uint8Array(buffer);
    this.text = Buffer.from(buffer);
    this.results = new Int32Array(buffer, 0, results);
    this.#seconds = new Float64Array(buffer, secondsPlace, 1);
    const { leads, blocks, folds } = foldTables();
    if (foldsFrom + folds.byteLength > textFrom) throw new Error('no room for so many folded letters');
    this.bytes.set(leads, foldedLeads);
    new Uint16Array(buffer).set(blocks, foldBlocks / 2);
    new Uint32Array(buffer).set(folds, foldsFrom / 4);
  }

  /** Copies a text in, behind which nothing is; gives where it ends, or 0 if it is too long. */
  take(text: Uint8Array): number {
    const { length } = text;
    if (length > textBytesMax) return 0;
    this.#end = textFrom + length;
    this.#rawFrom = this.#end + slackBytes;
    this.#searchFrom = this.#rawFrom + length + slackBytes;
    this.intoFrom = this.#searchFrom + Math.ceil(length * perSearched) + slackBytes;
    this.#grow(this.intoFrom + Math.ceil(length * perPutTogether) + 16 * slackBytes);
    if (this.bytes.buffer !== this.#code.memory.buffer) this.#view();
    this.bytes.set(text, textFrom);
    this.results[result.isBeyondAscii] = 0;
    return this.#end;
  }

  /** Reads the event at `from`, and puts it together at `intoFrom`. Gives the place behind it; 0 if it is not taken. */
  readEvent(from: number): number {
    return this.#code.readEvent(from, this.#end, this.#rawFrom, this.#searchFrom, this.intoFrom);
  }

  /** The place behind the JSON value at `from`; 0 if there is none. */
  passValue(from: number): number {
    return this.#code.passValue(from, this.#rawFrom, this.#searchFrom);
  }

  /** Of the last event: whole seconds since 1970. */
  get occurredSeconds(): number {
    return this.#seconds[0] ?? 0;
  }

  #grow(bytes: number): void {
    const { memory } = this.#code;
    const more = bytes - memory.buffer.byteLength;
    if (more > 0) memory.grow(Math.ceil(more / pageBytes));
  }

  #view(): void {
    const { buffer } = this.#code.memory;
    this.bytes = new Uint8Array(buffer);
    this.text = Buffer.from(buffer);
    this.results = new Int32Array(buffer, 0, results);
    this.#seconds = new Float64Array(buffer, secondsPlace, 1);
  }

  #readTime(from: number, to: number, into: number): number {
    const parsed = parseTime(JSON.parse(this.text.toString('utf8', from, to)));
    return parsed.ok ? this.text.write(parsed.time, into, 'latin1') : 0;
  }

  #readUuid(from: number, to: number, into: number): boolean {
    const parsed = parseUuid(JSON.parse(this.text.toString('utf8', from, to)));
    return parsed.ok && this.text.write(parsed.id, into, 'latin1') > 0;
  }
}

function unreachable(): never {
  throw new Error('the code that reads events has aborted');
}
