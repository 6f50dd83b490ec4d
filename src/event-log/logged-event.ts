/**
 * An event where its row lies, in a chunk of the log or in memory on its way to live delivery, of which nothing is
 * decoded before it is asked for: most filters look at name and labels, and few want more (I6: the same values as the
 * whole text gives).
 */
import type { EventBody, Labels } from '../../schemas/event.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { LogReader } from './log-reader.ts';
import { idCharacters, timeCharacters } from './row.ts';

const tab = 9;
const lineFeed = 10;
const digitZero = 48;
const occurredFrom = '{"occurred":"';
const nameFrom = ',"event":"';
const resourceFrom = ',"resource":';
/** Stands nowhere else: within a string the quotes would be escaped, and labels are text. */
const resourceTo = '},"related":[';
const relatedFrom = resourceTo.length - 1;

/** Where each row begins in a chunk, and the end of the last one. */
export function rowStarts(rows: Buffer): number[] {
  const starts = [0];
  for (let at = 0; at < rows.length; ) {
    at = rows.indexOf(lineFeed, at) + 1;
    if (at === 0) throw new Error('The last row of a chunk has no end');
    starts.push(at);
  }
  return starts;
}

/** One event, in memory of its own; null if the log does not have it. */
export function readEvent(log: Pick<LogReader, 'read'>, seq: number): LoggedEvent | null {
  const { count, rows } = log.read(seq, 1, seq);
  return count === 1 ? new LoggedEvent(rows, 0, rows.length - 1) : null;
}

/** Of an event's canonical text, in bytes; of one that is no LoggedEvent, in characters. */
export function textLength(event: StoredEvent): number {
  return event instanceof LoggedEvent ? event.rawLength : event.raw.length;
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
  /** Where `resourceTo` stands in the envelope; -1 if that cannot be told. Undefined before it is looked for. */
  #resourceEnd: number | undefined;
  /** Where the resource's text begins, once its end was found. */
  #resourceAt = -1;
  #resource: Labels | null = null;
  #related: readonly Labels[] | null = null;

  /** Of the row in [at, end), without its line feed; it keeps all rows in memory. */
  constructor(rows: Buffer, at: number, end: number) {
    this.#rows = rows;
    this.#end = end;
    // Numbers of few digits, each ended by a tab: a native search for the tab would cost more than they do.
    let next = at;
    let seq = 0;
    for (; next < end && rows[next] !== tab; next += 1) seq = seq * 10 + rows[next]! - digitZero;
    this.seq = seq;
    this.#idAt = next + 1;
    next = this.#idAt + idCharacters + 1 + 2 * (timeCharacters + 1);
    let head = 0;
    for (; next < end && rows[next] !== tab; next += 1) head = head * 10 + rows[next]! - digitZero;
    if (next >= end) throw new Error('What lies here is no row');
    this.#headEnd = next;
    this.#head = head;
  }

  get body(): EventBody {
    return this;
  }

  /** Copies the canonical text as it lies there; it takes `rawLength` bytes. */
  copyRaw(into: Buffer, at: number): void {
    this.#rows.copy(into, at, this.#textAt, this.#end);
  }

  /** Of the canonical text, in bytes. */
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
    this.#related ??= this.#readRelated();
    return this.#related;
  }

  get payload(): EventBody['payload'] {
    return this.#whole.payload;
  }

  get follows(): string | null {
    return this.#whole.follows;
  }

  #readResource(): Labels {
    const to = this.#findResourceEnd();
    if (to < 0) return this.#whole.resource;
    return JSON.parse(this.#text.slice(this.#resourceAt, to + 1)) as Labels; // canonical text that accept has checked
  }

  /** The end of the envelope. */
  #readRelated(): readonly Labels[] {
    const to = this.#findResourceEnd();
    if (to < 0) return this.#whole.related;
    return JSON.parse(this.#text.slice(to + relatedFrom)) as Labels[]; // canonical text that accept has checked
  }

  #findResourceEnd(): number {
    if (this.#resourceEnd !== undefined) return this.#resourceEnd;
    const envelope = this.#text;
    const from = envelope.indexOf(resourceFrom, occurredFrom.length);
    const to = envelope.indexOf(resourceTo, from);
    // A name may hold anything, if escaped.
    const isTold = from >= 0 && to >= 0 && envelope.lastIndexOf('\\', from) < 0;
    this.#resourceAt = from + resourceFrom.length;
    this.#resourceEnd = isTold ? to : -1;
    return this.#resourceEnd;
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
