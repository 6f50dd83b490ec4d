/**
 * A gateway's name among all gateways: one key for each, written every few seconds by whoever has the name, and by
 * nobody else. It says how far that gateway is, so that the shared log keeps what it still needs.
 */
import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { OneAtATime } from '../base/one-at-a-time.ts';
import type { SharedKey } from '../table-writer/writer-lease.ts';
import { areSums, type StretchSum } from './replica-sums.ts';

/** What a gateway says of itself. */
export interface GatewayWord {
  readonly version: 1;
  /** Epoch of its spool. */
  readonly spool: string;
  /** The newest message that it has applied. */
  readonly applied: number;
  /** Events of its spool that are not settled. */
  readonly waiting: number;
  /** Of the newest whole stretches of its replica. */
  readonly sums: readonly StretchSum[];
  /** The newest seq that it has applied. */
  readonly head: number;
  /** By which it applies blocks. */
  readonly rules: number;
  /** Why it takes nothing and goes no further; null while it does. */
  readonly fault: string | null;
  /** Why it does not write into ClickHouse though it might; null if nothing is in the way. */
  readonly writerFault: string | null;
  /** It was stopped, and `waiting` is what its spool holds until it is started again. */
  readonly hasEnded: boolean;
}

export interface ClaimParts {
  readonly id: string;
  readonly key: SharedKey;
  readonly word: () => Omit<GatewayWord, 'hasEnded'>;
  /** Somebody else writes under this name: why. */
  readonly lost: (sentence: string) => void;
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Log;
}

export const sayMs = 5_000;
/** Whoever has said nothing for so long is not there. */
export const silentMs = 3 * sayMs;

export class GatewayClaim {
  readonly #parts: ClaimParts;
  #revision = 0;
  #timer: NodeJS.Timeout | null = null;
  #isSaying = false;
  /** The one word after the other. */
  readonly #saying = new OneAtATime();

  constructor(parts: ClaimParts) {
    this.#parts = parts;
  }

  /**
   * Takes the name; of another folder only if nobody says anything under it. Rejects with StartRefused, or as the key.
   */
  async take(): Promise<void> {
    const { key, word, pause, id } = this.#parts;
    const found = await key.read();
    if (found !== null && readWord(found.text)?.spool !== word().spool) {
      await pause(silentMs);
      const later = await key.read();
      if (later?.revision !== found.revision) throw new StartRefused(inUse(id));
    }
    const kept = await key.write(this.#text(), found?.revision ?? 0);
    if (kept === null) throw new StartRefused(inUse(id));
    this.#revision = kept;
    this.#timer = setInterval(() => void this.#say(), sayMs).unref();
  }

  /** Says, as the last word, what the spool holds: nothing is taken in any more. Never rejects. */
  async end(): Promise<void> {
    if (this.#timer === null) return;
    this.stop();
    const text = this.#text(true);
    await this.#saying.run(async () => {
      await this.#parts.key.write(text, this.#revision).catch(() => null);
    });
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #text(hasEnded = false): string {
    const word: GatewayWord = { ...this.#parts.word(), hasEnded };
    return JSON.stringify(word);
  }

  async #say(): Promise<void> {
    if (this.#isSaying) return;
    this.#isSaying = true;
    try {
      const kept = await this.#saying.run(() => this.#keep(this.#text()));
      if (kept !== null) this.#revision = kept;
      else if (this.#timer !== null) {
        this.stop();
        this.#parts.lost(inUse(this.#parts.id));
      }
    } catch (error) {
      this.#parts.log.info({ err: error }, "this gateway's key does not answer");
    } finally {
      this.#isSaying = false;
    }
  }

  async #keep(text: string): Promise<number | null> {
    return await this.#parts.key.write(text, this.#revision).catch(() => this.#findOut(text));
  }

  /** After an answer that was lost: whether the key is as before, or has this text; null if it is somebody else's. */
  async #findOut(text: string): Promise<number | null> {
    const found = await this.#parts.key.read();
    if (found === null) return 0;
    return found.revision === this.#revision || found.text === text ? found.revision : null;
  }
}

/** Stands under a name for as long as it takes to remove it. */
export const leftText = JSON.stringify({ version: 1, left: true });

/** Null for what is no word of a gateway. */
export function readWord(text: string): GatewayWord | null {
  try {
    const word = JSON.parse(text) as Partial<GatewayWord>; // checked next
    const { version, spool, applied, waiting, sums, head, rules } = word;
    const { fault = null, writerFault = null, hasEnded = false } = word;
    const areNumbers = [applied, waiting, head, rules].every(Number.isSafeInteger);
    const isWord = version === 1 && typeof spool === 'string' && areNumbers && areSums(sums);
    return isWord ? { ...(word as GatewayWord), fault, writerFault, hasEnded } : null; // its fields were just checked
  } catch {
    return null;
  }
}

function inUse(id: string): string {
  return `SLUICE_GATEWAY_ID ${id} is in use by another gateway, with another data folder: give each its own.`;
}
