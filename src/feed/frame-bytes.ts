/**
 * Frames as bytes, around texts that are copied as they lie in the log: no text is decoded to be encoded again (I2).
 */
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { LoggedEvent } from '../event-log/logged-event.ts';
import type { Framing, Shell } from './frames.ts';

interface Parts {
  readonly shell: Shell;
  readonly text: LoggedEvent | Buffer;
  /** Of the whole frame. */
  readonly length: number;
}

/** The frame of one event. */
export function frameOf(event: StoredEvent, framing: Framing, memoryOf: (bytes: number) => Buffer): Uint8Array {
  const { shell, text, length } = partsOf(event, framing);
  const memory = memoryOf(length);
  return memory.subarray(0, writeFrame(memory, 0, shell, text));
}

/** The frames of some events, in one piece of memory. */
export function framesOf(
  events: readonly StoredEvent[],
  framing: Framing,
  memoryOf: (bytes: number) => Buffer,
): Uint8Array[] {
  const parts = events.map((event) => partsOf(event, framing));
  const memory = memoryOf(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  return parts.map(({ shell, text }) => {
    const start = end;
    end = writeFrame(memory, end, shell, text);
    return memory.subarray(start, end);
  });
}

/** Gives where it ends. */
function writeFrame(into: Buffer, at: number, { head, tail }: Shell, text: LoggedEvent | Buffer): number {
  const from = writeAscii(into, at, head);
  if (text instanceof LoggedEvent) text.copyRaw(into, from);
  else text.copy(into, from);
  return writeAscii(into, from + lengthOf(text), tail);
}

function partsOf(event: StoredEvent, framing: Framing): Parts {
  const shell = framing.shell(event.seq);
  const text = event instanceof LoggedEvent ? event : Buffer.from(event.raw);
  return { shell, text, length: shell.head.length + lengthOf(text) + shell.tail.length };
}

function lengthOf(text: LoggedEvent | Buffer): number {
  return text instanceof LoggedEvent ? text.rawLength : text.length;
}

/** Few characters: a native call would cost more. Gives where they end. */
function writeAscii(into: Buffer, at: number, text: string): number {
  for (let nth = 0; nth < text.length; nth += 1) into[at + nth] = text.charCodeAt(nth);
  return at + text.length;
}
