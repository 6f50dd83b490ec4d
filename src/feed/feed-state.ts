/**
 * One subscriber's feed as its parts share it: what it may read, how it speaks, and where it stands.
 */
import type { GapFrame } from '../../schemas/wire.ts';
import type { SigningKeys } from '../base/keys.ts';
import type { HistoryReader } from '../history/history.ts';
import type { StoredRange } from '../history/page-sql.ts';
import type { Position } from '../history/position.ts';
import type { EventReader } from './event-reader.ts';
import type { Framing } from './frames.ts';
import type { StoreGate } from './from-store.ts';
import type { HeldFilter } from './held-filters.ts';
import type { PageBudget } from './page-budget.ts';
import type { SubscriberSocket } from './ports.ts';
import { createRepeatGuard, type RepeatGuard } from './repeat-guard.ts';
import { sealResumeToken } from './resume-token.ts';
import { createSocketRoom, type SocketRoom } from './socket-room.ts';

/** What all feeds read from. */
export interface FeedSources {
  readonly journal: EventReader;
  readonly live: { readonly mark: number };
  readonly history: HistoryReader;
  readonly store: StoreGate;
  readonly keys: SigningKeys;
  readonly pages: PageBudget;
  readonly options: {
    readonly sliceBytesMax: number;
    readonly holdMs: number;
    /** The log follows a shared one: a position above the mark is one that it has yet to reach. */
    readonly isReplica?: boolean;
  };
  readonly counters: { delivered: number; repeats: number };
}

export class FeedState {
  readonly sources: FeedSources;
  readonly held: HeldFilter;
  /** Whose it is. */
  readonly seal: string;
  readonly framing: Framing;
  readonly socket: SubscriberSocket;
  readonly room: SocketRoom;
  readonly ending = new AbortController();
  /** All events up to here were delivered, or do not match. */
  position: number;
  /** The position is its end, which is yet to be reached. */
  isInHistory = false;
  guard: RepeatGuard = createRepeatGuard(-1);

  constructor(sources: FeedSources, held: HeldFilter, seal: string, framing: Framing, socket: SubscriberSocket) {
    this.sources = sources;
    this.held = held;
    this.seal = seal;
    this.framing = framing;
    this.socket = socket;
    this.room = createSocketRoom(socket);
    this.position = sources.live.mark;
  }

  /** The log has let go what comes next; the store has it, for trim follows the checkpoint. */
  get isTrimmed(): boolean {
    return this.position < this.sources.live.mark && this.position + 1 < this.sources.journal.oldest;
  }

  /** Of the forms, some have no such frame. */
  say(frame: string): void {
    if (frame !== '') this.socket.send(frame);
  }

  sayGap(reason: GapFrame['reason'], oldest: number): void {
    const { journal, live } = this.sources;
    this.say(this.framing.gap({ reason, epoch: journal.epoch, oldest, head: live.mark }));
  }

  /** From here on, positions are of this range. */
  announce(range: StoredRange, at: Position): void {
    if (!this.framing.hasControl) return;
    const { epoch } = this.sources.journal;
    const { filter, filters } = this.held;
    const owner = { filters, seal: this.seal };
    const token = sealResumeToken(this.sources.keys, owner, { epoch, ...range, window: filter.occurred });
    this.say(this.framing.token({ token, epoch, checkpoint: range.checkpoint, since: filter.occurred.since }, at));
  }
}
