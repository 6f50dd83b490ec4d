/**
 * A stretch of the log as readers of one filter get it: matched and framed.
 */
import { timeKey } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { framesOf } from './frame-bytes.ts';
import { type Framing, frameText } from './frames.ts';

/** Of a match in memory, beside its frame's text. */
const matchBytes = 400;

export interface LogMatch {
  readonly seq: number;
  /** Good for as long as the frame; few ask for it. */
  readonly id: () => string;
  /** `timeKey` of `occurred`. */
  readonly occurred: string;
  readonly frame: string | Uint8Array;
}

export interface LogStretch {
  readonly matches: readonly LogMatch[];
  /** All up to here is in it. */
  readonly last: number;
  /** In memory, about. */
  readonly bytes: number;
  /** The least and the greatest `occurred` among the matches. */
  readonly from: string;
  readonly to: string;
}

/** Without scratch memory it is to be kept, and depends on nothing that the next read overwrites. */
export function matchStretch(
  events: Iterable<StoredEvent>,
  last: number,
  fits: (event: StoredEvent) => boolean,
  framing: Framing,
  scratchOf: ((bytes: number) => Buffer) | null,
): LogStretch {
  const found: StoredEvent[] = [];
  for (const event of events) if (fits(event)) found.push(event);
  const frames =
    framing.shared === null
      ? found.map(({ raw, seq }) => frameText(framing, raw, seq))
      : framesOf(found, framing, scratchOf ?? Buffer.allocUnsafeSlow);
  let bytes = 0;
  let from = '';
  let to = '';
  const matches = found.map(({ seq, body }, at) => {
    const occurred = timeKey(body.occurred);
    const frame = frames[at] ?? '';
    bytes += frame.length + matchBytes;
    if (from === '' || occurred < from) from = occurred;
    if (occurred > to) to = occurred;
    return { seq, id: scratchOf === null ? constant(body.id) : () => body.id, occurred, frame };
  });
  return { matches, last, bytes, from, to };
}

function constant(text: string): () => string {
  return () => text;
}

/** Whether all matches of a stretch lie in a window. */
export function liesInside({ from, to }: LogStretch, { since, until }: Filter['occurred']): boolean {
  return from >= timeKey(since) && (until === null || to <= timeKey(until));
}

export function isInside({ occurred }: LogMatch, { since, until }: Filter['occurred']): boolean {
  return occurred >= timeKey(since) && (until === null || occurred <= timeKey(until));
}
