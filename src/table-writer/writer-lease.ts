/**
 * Who writes, where several gateways share a ClickHouse: whoever holds one key that all see, by compare and set alone.
 *
 *                 unchanged for the length of a lease, or given up      each state, and each renewal
 *   watching ───────────────────────────────────────────────► holding ──────────────────────────────► holding
 *      ▲                                                          │ somebody else has changed the key
 *      └──────────────────────────────────────────────────────────┘
 *
 * Nobody's wall clock counts, and nothing expires by itself: each watches by its own clock how long the key stays as it
 * is. The writer's state is in the key, so a range stands there before it is sent, and who takes over sends the whole
 * range under the same token (I8). Of two who think that they hold it, one can keep nothing any more.
 */
import { OneAtATime } from '../base/one-at-a-time.ts';
import type { WriterStateStore } from './ports.ts';
import { parseWriterState, type WriterState } from './writer-state.ts';

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

export interface LeaseParts {
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

/** Somebody else holds the key: nothing is kept from here any more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export interface KnownHolder {
  /** Rises with each holder. */
  readonly term: number;
  /** Empty where it was given up. */
  readonly holder: string;
  readonly state: WriterState | null;
}

interface Held extends KnownHolder {
  readonly version: 1;
  readonly nonce: string;
}

/** Of the lease: for so long after its last renewal a holder may send. */
const freshShare = 0.8;

export class WriterLease implements WriterStateStore {
  readonly #parts: LeaseParts;
  #held: { readonly revision: number; readonly value: Held } | null = null;
  #known: KnownHolder | null = null;
  #renewedAt = 0;
  /** What was seen last while watching, and since when. */
  #seen = { revision: -1, at: 0 };
  readonly #writes = new OneAtATime();

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }
  /** Of the newest holder that is known; 0 before the first look. */
  get term(): number {
    return this.#known?.term ?? 0;
  }
  /** As the key was seen last; null before the first look, and while nobody has written it. */
  get known(): KnownHolder | null {
    return this.#known;
  }

  /** Looks at the key, and takes it if it may. To be called again and again, and often. Rejects as the key does. */
  async look(): Promise<boolean> {
    if (this.#held !== null) return true;
    const { key, holder, elapsedMs, leaseMs } = this.#parts;
    const entry = await key.read();
    const revision = entry?.revision ?? 0;
    const value = entry === null ? null : parseHolder(entry.text);
    this.#known = value;
    if (revision !== this.#seen.revision) this.#seen = { revision, at: elapsedMs() };
    const isFree = value === null || value.holder === '' || value.holder === holder;
    if (!isFree && elapsedMs() - this.#seen.at <= leaseMs) return false;
    const next = { version: 1, term: (value?.term ?? 0) + 1, holder, state: value?.state ?? null } as const;
    return await this.#writes.run(() => this.#write(next, revision));
  }

  async load(): Promise<WriterState | null> {
    return this.#own().value.state;
  }

  /** Rejects with LeaseLost where somebody else holds the key. */
  save(state: WriterState): Promise<void> {
    return this.#keep({ state });
  }

  /** Says that the holder lives. Rejects as `save`. */
  renew(): Promise<void> {
    return this.#keep({});
  }

  /** To be called before anything is sent: renews where that was too long ago. Rejects as `save`. */
  async refresh(): Promise<void> {
    this.#own();
    const { elapsedMs, leaseMs } = this.#parts;
    if (elapsedMs() - this.#renewedAt > freshShare * leaseMs) await this.renew();
  }

  /** Others need not wait for the length of a lease. Rejects as `save`. */
  async giveUp(): Promise<void> {
    await this.#keep({ holder: '' });
    this.#held = null;
  }

  #own(): { readonly revision: number; readonly value: Held } {
    if (this.#held === null) throw new LeaseLost("another gateway holds the table writer's key");
    return this.#held;
  }

  async #keep(change: Partial<Pick<Held, 'holder' | 'state'>>): Promise<void> {
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
  async #write(next: Omit<Held, 'nonce'>, revision: number): Promise<boolean> {
    const { key, elapsedMs, nonce } = this.#parts;
    for (;;) {
      const value: Held = { ...next, nonce: nonce() };
      const sentAt = elapsedMs();
      const text = JSON.stringify(value);
      const kept = await key.write(text, revision).catch(() => this.#findOut(value.nonce, revision));
      if (kept === 'again') continue;
      this.#held = kept === null ? null : { revision: kept, value };
      if (kept !== null) this.#known = value;
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
      if (entry !== 'unknown' && parseHolder(entry.text).nonce === nonce) return entry.revision;
      if (entry !== 'unknown') return entry.revision === before ? 'again' : null;
      await this.#parts.pause();
    }
  }
}

/** Throws for what no Sluice has written. */
export function parseHolder(text: string): Held {
  const value = JSON.parse(text) as Partial<Held>; // checked next
  const { version, term, holder, nonce, state } = value;
  const isState = state === null || parseWriterState(JSON.stringify(state)) !== null;
  if (
    version !== 1 ||
    typeof term !== 'number' ||
    typeof holder !== 'string' ||
    typeof nonce !== 'string' ||
    !isState
  ) {
    throw new Error("the table writer's key is of a version that this Sluice does not know");
  }
  return { version, term, holder, nonce, state: state ?? null };
}
