/**
 * What a feed writes, in three forms: as Prefect has it, the same with a position beside each event, and Server-Sent
 * Events. Frames of the first two are the same for every subscriber, so that topics share them (I2); a stream's ids are
 * its own.
 */
import {
  caughtUpFrame,
  eventFrameHead,
  eventFrameTail,
  type GapFrame,
  gapFrame,
  heartbeatFrame,
  streamId,
  streamMessage,
  type TokenFrame,
  tokenFrame,
} from '../../schemas/wire.ts';
import { type Position, positionText } from '../history/position.ts';
import type { EventBytes } from '../history/stored-rows.ts';

export type Form = 'plain' | 'positions' | 'stream';

/** What an event's frame has before and behind its text; ASCII. */
export interface Shell {
  readonly head: string;
  readonly tail: string;
}

export interface Framing {
  /** Whose frames are the same for all; null: its own. */
  readonly shared: 'plain' | 'positions' | null;
  /** False where control frames are not wanted: then they are ''. */
  readonly hasControl: boolean;
  shell(position: Position): Shell;
  /** The same frame around a text that is still bytes. */
  stored(raw: EventBytes, position: Position): string | Uint8Array;
  token(frame: Omit<TokenFrame, 'type' | 'position'>, position: Position): string;
  caughtUp(seq: number): string;
  /** Null within history. */
  heartbeat(seq: number | null): string;
  gap(frame: Omit<GapFrame, 'type'>): string;
}

export function framingOf(form: Form): Framing {
  switch (form) {
    case 'plain':
      return plain;
    case 'positions':
      return withPositions;
    case 'stream':
      return createStreamFraming();
    default:
      return form satisfies never;
  }
}

/** The frame of an event as text. */
export function frameText(framing: Framing, raw: string | EventBytes, position: Position): string {
  const { head, tail } = framing.shell(position);
  return `${head}${raw}${tail}`;
}

const plainShell: Shell = { head: eventFrameHead, tail: eventFrameTail };
const plainHead = Buffer.from(eventFrameHead);
const plainEnd = eventFrameTail.charCodeAt(0);

const plain: Framing = {
  shared: 'plain',
  hasControl: false,
  shell: () => plainShell,
  stored: (raw) => raw.framed(plainHead, plainEnd),
  token: () => '',
  caughtUp: () => '',
  heartbeat: () => '',
  gap: () => '',
};

const withPositions: Framing = {
  shared: 'positions',
  hasControl: true,
  stored: (raw, position) => frameText(withPositions, raw, position),
  // By hand: it is made for each event.
  shell: (position) => ({
    head: eventFrameHead,
    tail: typeof position === 'number' ? `,"position":${position}}` : `,"position":"${positionText(position)}"}`,
  }),
  token: (frame, position) => tokenFrame({ ...frame, position: positionText(position) }),
  caughtUp: caughtUpFrame,
  heartbeat: heartbeatFrame,
  gap: gapFrame,
};

/** The id of each message is a position and the token. */
function createStreamFraming(): Framing {
  let suffix = '';
  const id = (position: Position) => `${positionText(position)}${suffix}`;
  const framing: Framing = {
    shared: null,
    hasControl: true,
    // By hand, as `streamMessage` has it: it is made for each event.
    shell: (position) => ({ head: `id: ${id(position)}\ndata: `, tail: '\n\n' }),
    stored: (raw, position) => frameText(framing, raw, position),
    token(frame, position) {
      suffix = streamId('', frame.token);
      const data = tokenFrame({ ...frame, position: positionText(position) });
      return streamMessage({ event: 'token', id: id(position), data });
    },
    caughtUp: (seq) => streamMessage({ event: 'caught_up', id: id(seq), data: caughtUpFrame(seq) }),
    // The stream has comment lines.
    heartbeat: () => '',
    gap: (frame) => streamMessage({ event: 'gap', data: gapFrame(frame) }),
  };
  return framing;
}
