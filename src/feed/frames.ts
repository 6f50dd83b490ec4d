/**
 * What a feed writes, in three forms: as Prefect has it, the same with a position beside each event, and Server-Sent Events.
 * Frames of the first two are the same for every subscriber, so that topics share them (I2); a stream's ids are its own.
 */
import type { CaughtUpFrame, GapFrame, TokenFrame } from '../../schemas/frames.ts';
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

const eventHead = '{"type":"event","event":';
const plainShell: Shell = { head: eventHead, tail: '}' };
const plainHead = Buffer.from(eventHead);
const plainEnd = 0x7d;

const plain: Framing = {
  shared: 'plain',
  hasControl: false,
  shell: () => plainShell,
  stored: (raw) => raw.framed(plainHead, plainEnd),
  token: () => '',
  caughtUp: () => '',
  gap: () => '',
};

const withPositions: Framing = {
  shared: 'positions',
  hasControl: true,
  stored: (raw, position) => frameText(withPositions, raw, position),
  shell: (position) => ({
    head: eventHead,
    tail: typeof position === 'number' ? `,"position":${position}}` : `,"position":"${positionText(position)}"}`,
  }),
  token: (frame, position) => tokenJson(frame, position),
  caughtUp: (seq) => caughtUpJson(seq),
  gap: (frame) => gapJson(frame),
};

/** Between position and token in an id. */
const idSeparator = '@';

/** An id is a position and the token: all that a browser keeps for its next request. */
function createStreamFraming(): Framing {
  let suffix = '';
  const id = (position: Position) => `id: ${positionText(position)}${suffix}`;
  const framing: Framing = {
    shared: null,
    hasControl: true,
    shell: (position) => ({ head: `${id(position)}\ndata: `, tail: '\n\n' }),
    stored: (raw, position) => frameText(framing, raw, position),
    token(frame, position) {
      suffix = `${idSeparator}${frame.token}`;
      return `event: token\n${id(position)}\ndata: ${tokenJson(frame, position)}\n\n`;
    },
    caughtUp: (seq) => `event: caught_up\n${id(seq)}\ndata: ${caughtUpJson(seq)}\n\n`,
    gap: (frame) => `event: gap\ndata: ${gapJson(frame)}\n\n`,
  };
  return framing;
}

/** The parts of a stream's id; null for any other text. */
export function parseStreamId(id: string): { readonly token: string; readonly position: string } | null {
  const cut = id.indexOf(idSeparator);
  return cut < 0 ? null : { position: id.slice(0, cut), token: id.slice(cut + 1) };
}

function tokenJson({ token, epoch, checkpoint }: Omit<TokenFrame, 'type' | 'position'>, position: Position): string {
  const frame: TokenFrame = { type: 'token', token, epoch, checkpoint, position: positionText(position) };
  return JSON.stringify(frame);
}

function caughtUpJson(position: number): string {
  const frame: CaughtUpFrame = { type: 'caught_up', position };
  return JSON.stringify(frame);
}

function gapJson({ reason, epoch, oldest, head }: Omit<GapFrame, 'type'>): string {
  const frame: GapFrame = { type: 'gap', reason, epoch, oldest, head };
  return JSON.stringify(frame);
}
