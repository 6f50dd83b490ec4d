/**
 * The forwarder to Prefect of a gateway: it forwards while this gateway holds the lease, and follows the place of
 * whoever does else. Whoever takes over asks Prefect for what may have been sent, as one Sluice does after a start.
 *
 *   following ──own replica has all that may have been sent, lease──► waiting ──begun──► forwarding
 *       ▲                                                               └───────┬───────────┘
 *       └───────────────────── lost, given up, or of no use ────────────────────┘
 *
 * Prefect cannot tell one gateway from the other, so each looks at its lease at the last moment before it sends. What
 * is not confirmed stays in every replica, for any gateway may be the next.
 */
import { LeaseLost } from '../base/lease.ts';
import type { Log } from '../base/log.ts';
import type { OwnEvents } from '../event-log/own-events.ts';
import { boundedPlace, type KeptPlace, type PlaceStore } from '../forwarder/kept-place.ts';
import { RoomWarning } from '../forwarder/room-warning.ts';
import type { SendPermit } from '../forwarder/send-events.ts';
import {
  type Forwarder,
  type ForwarderCounters,
  type ForwarderParts,
  type ForwarderStatus,
  noneYet,
} from '../forwarder/start-forwarder.ts';
import type { ForwarderLease } from './forwarder-lease.ts';
import { LeaseTurns } from './lease-turns.ts';
import { SeenPlace } from './seen-place.ts';

export interface SharedForwarderParts {
  readonly replica: OwnEvents & { trimLater(): void };
  readonly live: { readonly mark: number };
  /** The epoch before, which ended at a seq, and where this one begins; null for the first. */
  readonly before: { readonly seq: number; readonly firstSeq: number } | null;
  /** See GatewaysLook. */
  readonly othersOldest: () => number | null;
  readonly told: ForwarderParts['told'];
  /** Begins to forward. */
  readonly start: (term: TermParts) => Promise<Forwarder>;
  readonly elapsedMs: () => number;
  readonly log: Log;
}

/** Of the time for which the lease is held. */
export interface TermParts {
  readonly store: PlaceStore;
  readonly permit: SendPermit;
  readonly announcedUpTo: () => number;
  readonly counters: ForwarderCounters;
  /** See PassingParts. */
  readonly counted: { upTo: number };
}

interface Term {
  /** Of the lease. */
  readonly number: number;
  run: Forwarder | null;
  isOver: boolean;
}

/** So long a holder goes on without success, and then leaves the lease to the others for a moment. */
const uselessMs = 60_000;
const leftMs = 5_000;
/** A key that has not answered for so long does not answer. */
const deafMs = 3_000;
const endMs = 1_000;
const keyGone =
  "the forwarder's key is not there any more: start this gateway again, and it forwards what comes from then on; " +
  'what waits is given up';

export class SharedForwarder implements Forwarder {
  readonly #parts: SharedForwarderParts;
  readonly #counters = noneYet();
  readonly #counted = { upTo: 0 };
  readonly #turns: LeaseTurns<KeptPlace>;
  readonly #seen = new SeenPlace();
  readonly #room: RoomWarning;
  /** Told already. */
  #isLeft = false;
  #term: Term | null = null;
  /** Since when the lease is held without any use; null while it is of use. */
  #uselessSince: number | null = null;
  #leavesUntil = 0;
  /** Events behind it stay in the replica. */
  #heldAfter = -1;
  #reason = '';

  constructor(parts: SharedForwarderParts) {
    const { elapsedMs, log } = parts;
    this.#parts = parts;
    this.#room = new RoomWarning({ events: parts.replica, elapsedMs, log });
    this.#turns = new LeaseTurns({
      ...{ elapsedMs, log },
      mayTake: () => this.#mayTake(),
      lost: () => {
        // What this gateway has kept itself.
        this.#see();
        return this.#term === null ? null : this.#endTerm(0);
      },
      turned: (lease) => this.#turned(lease),
      says: {
        taken: 'this gateway forwards to Prefect now',
        deaf: "the forwarder's key does not answer",
        lost: "another gateway holds the forwarder's key now",
      },
    });
  }

  /** The key is there. */
  begin(lease: ForwarderLease): void {
    this.#turns.begin(lease);
  }

  /** Up to this seq Prefect needs nothing any more; 0 before that is known. */
  get confirmed(): number {
    return this.#place?.confirmed ?? 0;
  }

  wake(): void {
    this.#term?.run?.wake();
  }

  get status(): ForwarderStatus {
    const by = this.#turns.lease?.known?.holder ?? '';
    const run = this.#term?.run ?? null;
    if (run !== null) return { ...run.status, by, reason: run.status.reason || this.#deafness };
    const { oldest } = this.#parts.replica;
    return {
      ...this.#parts.told,
      by,
      phase: this.#turns.isHeld ? 'waiting' : 'following',
      reason: this.#reason || this.#deafness,
      counters: this.#counters,
      next: this.#place === null ? null : this.#place.maybeSentUpTo + 1,
      unconfirmed: (this.#place?.confirmed ?? oldest - 1) + 1,
      isShown: null,
    };
  }

  async stop(graceMs: number): Promise<void> {
    await this.#turns.stop(graceMs);
    await this.#endTerm(graceMs);
    await this.#turns.giveUp();
  }

  get #place(): KeptPlace | null {
    const kept = this.#turns.lease?.known?.state ?? null;
    return kept === null ? null : this.#known(kept);
  }

  #known(kept: KeptPlace): KeptPlace {
    return this.#seen.add(this.#ofThisEpoch(kept));
  }

  /** No event has a seq between two epochs. */
  #ofThisEpoch(kept: KeptPlace): KeptPlace {
    const { before } = this.#parts;
    if (before === null || kept.confirmed < before.seq || kept.confirmed >= before.firstSeq) return kept;
    return { ...kept, confirmed: before.firstSeq - 1, maybeSentUpTo: before.firstSeq - 1 };
  }

  get #deafness(): string {
    return this.#turns.lookingMs > deafMs ? "the forwarder's key does not answer: NATS is away" : '';
  }

  async #turned(lease: ForwarderLease): Promise<void> {
    if (lease.known === null) this.#reason = keyGone;
    else this.#see();
    this.#follow();
    if (this.#term === null) this.#room.look(this.confirmed < this.#parts.live.mark, this.#reason);
    if (lease.isHeld) await this.#hold(lease);
  }

  #see(): void {
    const { lease } = this.#turns;
    const { live, log } = this.#parts;
    if (lease === null || !this.#seen.look(lease, live.mark)) return;
    const place = this.#place;
    log.error(
      { from: (place?.confirmed ?? 0) + 1, to: place?.maybeSentUpTo },
      "the forwarder's key went back with what NATS keeps: Prefect is to be asked for all that may have been sent",
    );
  }

  /** What this one lacks and another gateway has, be it up or not, is left to that one. */
  #mayTake(): boolean {
    const { replica, othersOldest, elapsedMs, log } = this.#parts;
    this.#see();
    const place = this.#place;
    if (elapsedMs() < this.#leavesUntil || place === null) return false;
    const [next, oldest] = [place.confirmed + 1, othersOldest()];
    const isLeft = next < replica.oldest && (oldest === null || oldest < replica.oldest);
    const isFree = this.#turns.lease?.known?.holder === '';
    this.#reason = isLeft
      ? `events from seq ${next} on are to be forwarded, and this gateway does not have them`
      : this.#lag(isFree ? place : null);
    if (isLeft && !this.#isLeft) {
      log.warn({ reason: this.#reason }, 'forwarding to Prefect is left to the gateways that have what is to be sent');
    }
    this.#isLeft = isLeft;
    return !isLeft && this.#lag(place) === '';
  }

  /** What may have been sent is asked for from the own replica, so that must have it: why not; empty if it has. */
  #lag(place: KeptPlace | null): string {
    const { mark } = this.#parts.live;
    const upTo = place?.maybeSentUpTo ?? 0;
    return mark < upTo ? `this gateway has all up to seq ${mark}, and ${upTo} may have been sent` : '';
  }

  async #hold(lease: ForwarderLease): Promise<void> {
    const { elapsedMs } = this.#parts;
    if (this.#term === null) await this.#tryTerm(lease);
    const isOfUse = this.#term !== null && this.#term.run?.status.reason === '';
    this.#uselessSince = isOfUse ? null : (this.#uselessSince ?? elapsedMs());
    if (this.#uselessSince !== null && elapsedMs() - this.#uselessSince > uselessMs) await this.#leave(lease);
  }

  /** Another gateway may reach Prefect, or have what is to be sent, where this one does not. */
  async #leave(lease: ForwarderLease): Promise<void> {
    this.#leavesUntil = this.#parts.elapsedMs() + leftMs;
    this.#uselessSince = null;
    await this.#endTerm(endMs);
    await lease.giveUp();
  }

  async #tryTerm(lease: ForwarderLease): Promise<void> {
    const { live, start } = this.#parts;
    this.#reason = this.#lag(this.#place);
    if (this.#reason !== '') return;
    const term: Term = { number: lease.term, run: null, isOver: false };
    this.#term = term;
    const [store, permit] = [this.#storeOf(term, lease), this.#permitOf(term, lease)];
    const counts = { counters: this.#counters, counted: this.#counted };
    try {
      term.run = await start({ store, permit, announcedUpTo: () => live.mark, ...counts });
    } catch (error) {
      if (this.#term === term) this.#term = null;
      throw error;
    }
    // A stop does not wait for what keeps the place, and found no run yet.
    if (term.isOver) await term.run.stop(0);
    else if (!this.#turns.isRunning) await this.#endTerm(0);
  }

  #isOf(term: Term): boolean {
    return !term.isOver && this.#turns.isHeld && this.#turns.lease?.term === term.number;
  }

  #storeOf(term: Term, lease: ForwarderLease): PlaceStore {
    return {
      load: async () => {
        const kept = await lease.load();
        return kept === null ? null : this.#known(kept);
      },
      save: async (place) => {
        if (!this.#isOf(term)) throw new LeaseLost('the lease under which this was begun is over');
        await lease.save(boundedPlace(place));
      },
    };
  }

  #permitOf(term: Term, lease: ForwarderLease): SendPermit {
    const isOf = (): boolean => this.#isOf(term);
    return {
      get isGood() {
        return isOf() && lease.isFresh;
      },
      async refresh() {
        // A clock may stand still with the machine: only the key says whether another one has it.
        if (isOf()) await lease.renew();
        if (!isOf()) throw new LeaseLost('another gateway forwards now');
      },
    };
  }

  /** What it has under way must not end under a later lease. */
  async #endTerm(graceMs: number): Promise<void> {
    const term = this.#term;
    this.#term = null;
    this.#uselessSince = null;
    if (term === null) return;
    if (graceMs === 0) term.isOver = true;
    await term.run?.stop(graceMs);
    term.isOver = true;
  }

  /** What all have confirmed may go. */
  #follow(): void {
    const { replica } = this.#parts;
    if (this.#place === null || this.#place.confirmed === this.#heldAfter) return;
    this.#heldAfter = this.#place.confirmed;
    replica.holdFrom(this.#heldAfter + 1);
    replica.trimLater();
  }
}
