/**
 * Who does what one gateway of several must do alone: whoever holds one key that all see, by compare and set alone.
 *
 *                 unchanged for the length of a lease, or given up      each state, and each renewal
 *   watching ───────────────────────────────────────────────► holding ──────────────────────────────► holding
 *      ▲                                                          │ somebody else has changed the key
 *      └──────────────────────────────────────────────────────────┘
 *
 * Nobody's wall clock counts, and nothing expires by itself: each watches by its own clock how long the key stays as it
 * is. How far the work has come is in the key. Of two who think that they hold it, one can keep nothing any more.
 */
import { OneAtATime } from './one-at-a-time.ts';

/** A key that all gateways see. Its revisions rise, and are never used again. */
export interface SharedKey {
  /** As whoever leads has it; null while it was never written. */
  read(): Promise<KeyEntry | null>;
  /**
   * Resolves to the revision under which the text is kept; to null where `revision`, 0 for none, is not the newest any
   * more. Rejects where it is not known whether the text is kept.
   */
  write(text: string, revision: number): Promise<number | null>;
}

export interface KeyEntry {
  readonly text: string;
  readonly revision: number;
}

export interface LeaseParts<State> {
  readonly of: HeldState<State>;
  readonly key: SharedKey;
  /** The gateway's name. */
  readonly holder: string;
  /** A text that was never used. */
  readonly nonce: () => string;
  /** A clock that never steps back, in ms. */
  readonly elapsedMs: () => number;
  readonly leaseMs: number;
  /** Resolves a little later: after the key has not answered. */
  readonly pause: () => Promise<void>;
}

/** What stands in a key beside who holds it. */
export interface HeldState<State> {
  /** Whose key it is, for people. */
  readonly whose: string;
  /** Null for what is no such state. */
  readonly read: (value: unknown) => State | null;
}

/** Somebody else holds the key: nothing is kept from here any more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export interface KnownHolder<State> {
  /** Rises with each holder. */
  readonly term: number;
  /** Empty where it was given up. */
  readonly holder: string;
  readonly state: State | null;
}

interface Held<State> extends KnownHolder<State> {
  readonly version: 1;
  readonly nonce: string;
}

/** Of the lease: for so long after its last renewal a holder may send. */
const freshShare = 0.8;

export class Lease<State> {
  readonly #parts: LeaseParts<State>;
  #held: { readonly revision: number; readonly value: Held<State> } | null = null;
  #known: KnownHolder<State> | null = null;
  #revision = 0;
  #renewedAt = 0;
  /** What was seen last while watching, and since when. */
  #seen = { revision: -1, at: 0 };
  readonly #writes = new OneAtATime();

  constructor(parts: LeaseParts<State>) {
    this.#parts = parts;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }
  /** Of the newest holder that is known; 0 before the first look. */
  get term(): number {
    return this.#known?.term ?? 0;
  }
  /** Whether it was renewed so lately that nobody else can hold it: then something may be sent. */
  get isFresh(): boolean {
    const { elapsedMs, leaseMs } = this.#parts;
    return this.#held !== null && elapsedMs() - this.#renewedAt <= freshShare * leaseMs;
  }
  /** As the key was seen last; null before the first look, and while nobody has written it. */
  get known(): KnownHolder<State> | null {
    return this.#known;
  }
  /** Of what is known; 0 where nobody has written it. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * Looks at the key, and takes it if it is free, unless it is to stay with others, who are known when `mayTake` is
   * called. To be called again and again, and often. Rejects as the key does.
   */
  async look(mayTake: () => boolean = () => true): Promise<boolean> {
    if (this.#held !== null) return true;
    const { key, holder, elapsedMs, leaseMs } = this.#parts;
    const entry = await key.read();
    const revision = entry?.revision ?? 0;
    const value = entry === null ? null : parseHeld(entry.text, this.#parts.of);
    this.#known = value;
    this.#revision = revision;
    if (revision !== this.#seen.revision) this.#seen = { revision, at: elapsedMs() };
    const isFree = value === null || value.holder === '' || value.holder === holder;
    if (!mayTake() || (!isFree && elapsedMs() - this.#seen.at <= leaseMs)) return false;
    const next = { version: 1, term: (value?.term ?? 0) + 1, holder, state: value?.state ?? null } as const;
    return await this.#writes.run(() => this.#write(next, revision));
  }

  async load(): Promise<State | null> {
    return this.#own().value.state;
  }

  /** Rejects with LeaseLost where somebody else holds the key. */
  save(state: State): Promise<void> {
    return this.#keep({ state });
  }

  /** Says that the holder lives. Rejects as `save`. */
  renew(): Promise<void> {
    return this.#keep({});
  }

  /** To be called before anything is sent: renews where that was too long ago. Rejects as `save`. */
  async refresh(): Promise<void> {
    this.#own();
    if (!this.isFresh) await this.renew();
  }

  /** Others need not wait for the length of a lease. Rejects as `save`. */
  async giveUp(): Promise<void> {
    await this.#keep({ holder: '' });
    this.#held = null;
  }

  #own(): { readonly revision: number; readonly value: Held<State> } {
    if (this.#held === null) throw new LeaseLost(`another gateway holds ${this.#parts.of.whose} key`);
    return this.#held;
  }

  async #keep(change: Partial<Pick<Held<State>, 'holder' | 'state'>>): Promise<void> {
    await this.#writes.run(async () => {
      const { value, revision } = this.#own();
      await this.#write({ ...value, ...change }, revision);
      this.#own();
    });
  }

  /**
   * Until it is known what the key has; false where that is somebody else's. After an answer that was lost the key is
   * read: it has this very text, or is as before and is written again, for whatever lingers is refused then.
   */
  async #write(next: Omit<Held<State>, 'nonce'>, revision: number): Promise<boolean> {
    const { key, elapsedMs, nonce } = this.#parts;
    for (;;) {
      const value: Held<State> = { ...next, nonce: nonce() };
      const sentAt = elapsedMs();
      const text = JSON.stringify(value);
      const kept = await key.write(text, revision).catch(() => this.#findOut(value.nonce, revision));
      if (kept === 'again') continue;
      this.#held = kept === null ? null : { revision: kept, value };
      if (kept !== null) [this.#known, this.#revision] = [value, kept];
      this.#renewedAt = sentAt;
      this.#seen = { revision: -1, at: 0 };
      return kept !== null;
    }
  }

  /** The revision under which the text with this nonce is kept; null where the key is somebody else's. */
  async #findOut(nonce: string, before: number): Promise<number | null | 'again'> {
    for (;;) {
      const entry = await this.#parts.key.read().catch(() => 'unknown' as const);
      if (entry === null) return before === 0 ? 'again' : null;
      if (entry !== 'unknown' && parseHeld(entry.text, this.#parts.of).nonce === nonce) return entry.revision;
      if (entry !== 'unknown') return entry.revision === before ? 'again' : null;
      await this.#parts.pause();
    }
  }
}

/** Throws for what no Sluice has written. */
export function parseHeld<State>(text: string, { whose, read }: HeldState<State>): Held<State> {
  const { version, term, holder, nonce, state = null } = JSON.parse(text) as Partial<Held<unknown>>; // checked next
  const found = state === null ? null : read(state);
  const isState = state === null || found !== null;
  const isHeld = typeof term === 'number' && typeof holder === 'string' && typeof nonce === 'string';
  if (version !== 1 || !isHeld || !isState)
    throw new Error(`${whose} key is of a version that this Sluice does not know`);
  return { version, term, holder, nonce, state: found };
}
