/**
 * A stored event where it lies in a chunk of the log, of which nothing is decoded before it is asked for: a reader of the log
 * looks at name and labels of each event, and few filters want more (I6: the same values as the whole text gives).
 */
import type { EventBody, Labels } from '../../schemas/event.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { idAt, idCharacters, timeCharacters } from '../journal/row.ts';

const tab = 9;
const lineFeed = 10;
const digitZero = 48;
const occurredFrom = '{"occurred":"';
const nameFrom = ',"event":"';
const resourceFrom = ',"resource":';
/** Stands nowhere else: within a string the quotes would be escaped, and labels are text. */
const resourceTo = '},"related":[';

/** Events of a chunk, in seq order. They keep the chunk in memory. */
export function* loggedEventsOf({ rows }: { readonly rows: Buffer }): Iterable<LoggedEvent> {
  for (let at = 0; at < rows.length; ) {
    const found = rows.indexOf(lineFeed, at);
    const end = found < 0 ? rows.length : found;
    yield new LoggedEvent(rows, at, end);
    at = end + 1;
  }
}

export class LoggedEvent implements StoredEvent, EventBody {
  readonly seq: number;
  readonly #rows: Buffer;
  readonly #idAt: number;
  /** Where the column `head` ends, and with it begins the search text. */
  readonly #headEnd: number;
  readonly #head: number;
  readonly #end: number;
  #rawAt = -1;
  #envelope: string | null = null;
  #parsed: EventBody | null = null;
  #resource: Labels | null = null;

  constructor(rows: Buffer, at: number, end: number) {
    const id = idAt(rows, at);
    this.#rows = rows;
    this.#idAt = id;
    this.#end = end;
    this.seq = digits(rows, at, id - 1);
    const headAt = id + idCharacters + 1 + 2 * (timeCharacters + 1);
    this.#headEnd = rows.indexOf(tab, headAt);
    this.#head = digits(rows, headAt, this.#headEnd);
  }

  get body(): EventBody {
    return this;
  }

  /** The canonical text as it lies in the chunk. */
  get rawBytes(): Buffer {
    return this.#rows.subarray(this.#textAt, this.#end);
  }

  /** In bytes. */
  get rawLength(): number {
    return this.#end - this.#textAt;
  }

  get raw(): string {
    return this.#rows.toString('utf8', this.#textAt, this.#end);
  }

  get search(): string {
    return this.#rows.toString('utf8', this.#headEnd + 1, this.#textAt - 1);
  }

  get id(): string {
    return this.#rows.toString('latin1', this.#idAt, this.#idAt + idCharacters);
  }

  get occurred(): string {
    const envelope = this.#text;
    return envelope.slice(occurredFrom.length, envelope.indexOf('"', occurredFrom.length));
  }

  get event(): string {
    const envelope = this.#text;
    // A time holds neither quote nor backslash, so the first quote behind it ends it.
    const from = envelope.indexOf('"', occurredFrom.length) + 1 + nameFrom.length;
    const to = envelope.indexOf('"', from);
    const name = envelope.slice(from, to);
    return name.includes('\\') ? this.#whole.event : name;
  }

  get resource(): Labels {
    this.#resource ??= this.#readResource();
    return this.#resource;
  }

  get related(): readonly Labels[] {
    return this.#whole.related;
  }

  get payload(): EventBody['payload'] {
    return this.#whole.payload;
  }

  get follows(): string | null {
    return this.#whole.follows;
  }

  #readResource(): Labels {
    const envelope = this.#text;
    const from = envelope.indexOf(resourceFrom, occurredFrom.length);
    const to = envelope.indexOf(resourceTo, from);
    // A name may hold anything, if escaped.
    if (from < 0 || to < 0 || envelope.lastIndexOf('\\', from) >= 0) return this.#whole.resource;
    return JSON.parse(envelope.slice(from + resourceFrom.length, to + 1)) as Labels; // canonical text that accept has checked
  }

  get #textAt(): number {
    if (this.#rawAt < 0) this.#rawAt = this.#rows.indexOf(tab, this.#headEnd + 1) + 1;
    return this.#rawAt;
  }

  /** The text before `,"payload"`. */
  get #text(): string {
    this.#envelope ??= this.#rows.toString('utf8', this.#textAt, this.#textAt + this.#head);
    return this.#envelope;
  }

  get #whole(): EventBody {
    this.#parsed ??= JSON.parse(this.raw) as EventBody; // canonical text that accept has checked
    return this.#parsed;
  }
}

function digits(bytes: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = value * 10 + bytes[at]! - digitZero;
  return value;
}
