/**
 * Writes rows to one subscriber's socket, slice by slice as it has room. What cannot be written for a while is let go, for it
 * can be read again: a slow reader holds no page in memory (I5).
 */
import { concatMap, count, from, map, type Observable, takeWhile, tap } from 'rxjs';
import type { Framing } from './frames.ts';
import type { SubscriberSocket } from './ports.ts';
import type { Room } from './room.ts';

/** What is written: a row of the store with its place, or an event of the log. */
export interface Row {
  readonly seq: number;
  readonly id: string;
  readonly raw: string;
  readonly occurred?: string;
}

/** An event of the log, framed already. */
export interface FramedRow {
  readonly frame: string | Uint8Array;
}

export interface RowWriter {
  /** At once, as one write. */
  send(rows: readonly FramedRow[]): void;
  /** Emits how many were written: fewer than all if the socket had no room for `holdMs`. */
  write(rows: readonly Row[]): Observable<number>;
}

export interface RowWriterParts {
  readonly socket: SubscriberSocket;
  readonly room: Room;
  readonly framing: Framing;
  readonly options: { readonly sliceBytesMax: number; readonly holdMs: number };
  readonly counters: { delivered: number };
}

export function createRowWriter({ socket, room, framing, options, counters }: RowWriterParts): RowWriter {
  function send(rows: readonly FramedRow[]): void {
    socket.cork(() => {
      for (const { frame } of rows) socket.send(frame);
    });
    counters.delivered += rows.length;
  }

  function framed({ raw, seq, id, occurred }: Row): FramedRow {
    return { frame: framing.event(raw, occurred === undefined ? seq : { occurred, id }) };
  }

  return {
    send,
    write: (rows) =>
      from(slicesOf(rows, options.sliceBytesMax)).pipe(
        concatMap((slice) => room.within(options.holdMs).pipe(map((hasRoom) => (hasRoom ? slice : null)))),
        takeWhile((slice) => slice !== null),
        tap((slice) => send(slice.map(framed))),
        concatMap((slice) => slice),
        count(),
      ),
  };
}

function slicesOf(rows: readonly Row[], bytesMax: number): Row[][] {
  const slices: Row[][] = [];
  let slice: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    slice.push(row);
    bytes += row.raw.length;
    if (bytes < bytesMax) continue;
    slices.push(slice);
    slice = [];
    bytes = 0;
  }
  if (slice.length > 0) slices.push(slice);
  return slices;
}
