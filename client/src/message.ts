/** What a subscription gives. */
import type { AnsweredEvent } from '../../schemas/wire.ts';
import type { Checkpoint, GapReason } from './errors.ts';

export type Message = EventMessage | CaughtUpMessage | GapMessage;

interface Placed {
  /** Behind this message. */
  readonly checkpoint: Checkpoint;
  /**
   * This message, and all before it, were dealt with: the store's checkpoint moves here. Resolves when the store has
   * saved. With `ack: 'auto'` asking for the next message does the same.
   */
  ack(): Promise<void>;
}

export interface EventMessage extends Placed {
  readonly type: 'event';
  /** The event as stored, byte for byte: parsing loses `1.0` and long numbers. */
  readonly text: string;
  /** Parsed when it is first asked for. */
  readonly event: AnsweredEvent;
}

/** What came before is all there was when the feed became live. */
export interface CaughtUpMessage extends Placed {
  readonly type: 'caught_up';
}

/** Only with `onGap: 'yield'`. */
export interface GapMessage extends Placed {
  readonly type: 'gap';
  readonly reason: GapReason;
  /** From this seq on nothing is missing, up to the head. */
  readonly oldest?: number | undefined;
  readonly head?: number | undefined;
}
