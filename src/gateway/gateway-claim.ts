/**
 * A gateway's name among all gateways: one key for each, written every few seconds by whoever has the name, and by
 * nobody else. It says how far that gateway is, so that the shared log keeps what it still needs.
 */
import { StartRefused } from '../base/errors.ts';
import type { KeyEntry, SharedKey } from '../base/lease.ts';
import type { Log } from '../base/log.ts';
import { OneAtATime } from '../base/one-at-a-time.ts';
import type { GatewayRun } from './gateway-folder.ts';
import { areSums, type StretchSum } from './replica-sums.ts';

/** What a gateway says of itself. */
export interface GatewayWord {
  readonly version: 1;
  /** Epoch of its spool. */
  readonly spool: string;
  /** Of the process that says it. */
  readonly nonce: string;
  /** Which start on its folder this is: see gateway-folder.ts; 0 where an older Sluice says it. */
  readonly run: number;
  /** The newest seq of its spool that it has promised anything of; 0 where an older Sluice says it. */
  readonly spoolHead: number;
  /** The newest message that it has applied. */
  readonly applied: number;
  /** Events of its spool that are not settled. */
  readonly waiting: number;
  /** Of the newest whole stretches of its replica. */
  readonly sums: readonly StretchSum[];
  /** The newest seq that it has applied. */
  readonly head: number;
  /** The oldest seq that it can read; null where an earlier Sluice says it. */
  readonly oldest: number | null;
  /** By which it applies blocks. */
  readonly rules: number;
  /** The newest rules that it knows. */
  readonly knows: number;
  /** Why it takes nothing and goes no further; null while it does. */
  readonly fault: string | null;
  /** Why it does not follow the shared log yet, or writes nothing into ClickHouse; null if nothing is in the way. */
  readonly waits: string | null;
  /** It was stopped, and `waiting` is what its spool holds until it is started again. */
  readonly hasEnded: boolean;
}

export interface ClaimParts {
  readonly id: string;
  readonly key: SharedKey;
  readonly word: () => Omit<GatewayWord, 'hasEnded' | 'nonce'>;
  /** The same for each try of one start: an earlier one, whose answer was lost, may have taken the name. */
  readonly run: Pick<GatewayRun, 'nonce' | 'keep'>;
  /** The newest seq of the spool that this start has found. */
  readonly foundHead: number;
  /** Somebody else writes under this name: why. */
  readonly lost: (sentence: string) => void;
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Log;
}

export const sayMs = 5_000;
/** Whoever has said nothing for so long is not there. */
export const silentMs = 3 * sayMs;

const triesMax = 5;

export class GatewayClaim {
  readonly #parts: ClaimParts;
  #revision = 0;
  #timer: NodeJS.Timeout | null = null;
  #isSaying = false;
  #hasLeft = false;
  /** The one word after the other. */
  readonly #saying = new OneAtATime();

  constructor(parts: ClaimParts) {
    this.#parts = parts;
  }

  /**
   * Takes the name; of another folder only if nobody says anything under it. Rejects with StartRefused, or as the key
   * or the disk.
   */
  async take(): Promise<void> {
    const { key, pause, id, run } = this.#parts;
    const found = await key.read();
    if (found !== null && this.#isOfFolder(found)) this.#refuseOlder(found);
    else if (found !== null) {
      await pause(silentMs);
      const later = await key.read();
      if (later?.revision !== found.revision) throw new StartRefused(inUse(id));
    }
    // Not before: a copy that is refused would count up to the newest number, start by start.
    run.keep();
    this.#revision = (await key.write(this.#text(), found?.revision ?? 0)) ?? (await this.#takeAgain());
    this.#timer = setInterval(() => void this.#say(), sayMs).unref();
  }

  /** What an earlier process on this folder had sent, or an earlier try of this one, may have come in between. */
  async #takeAgain(): Promise<number> {
    const { key, id } = this.#parts;
    for (let tries = 0; tries < triesMax; tries += 1) {
      const found = await key.read();
      if (found !== null && !this.#isOfFolder(found)) break;
      if (found !== null) this.#refuseOlder(found);
      const kept = await key.write(this.#text(), found?.revision ?? 0);
      if (kept !== null) return kept;
    }
    throw new StartRefused(inUse(id));
  }

  #isOfFolder({ text }: KeyEntry): boolean {
    return readWord(text)?.spool === this.#parts.word().spool;
  }

  /**
   * Of a folder that was copied, and ran on, the copy's spool would give numbers again that the shared log knows. It
   * was copied before the last start on the folder, or after it and then has less in its spool.
   */
  #refuseOlder({ text }: KeyEntry): void {
    const word = readWord(text);
    const { id, foundHead, run } = this.#parts;
    if (word === null || word.nonce === run.nonce) return;
    if (word.run >= this.#parts.word().run || word.spoolHead > foundHead) throw new StartRefused(olderCopy(id));
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
    const word: GatewayWord = { ...this.#parts.word(), nonce: this.#parts.run.nonce, hasEnded };
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
        this.#parts.lost(this.#hasLeft ? letGo(this.#parts.id) : inUse(this.#parts.id));
      }
    } catch (error) {
      this.#parts.log.info({ err: error }, "this gateway's key does not answer");
    } finally {
      this.#isSaying = false;
    }
  }

  async #keep(text: string): Promise<number | null> {
    const kept = await this.#parts.key.write(text, this.#revision).catch(() => null);
    return kept ?? (await this.#findOut());
  }

  /**
   * After an answer that was lost, or a refusal: the key is as before, or has what was said here, perhaps by a try of
   * which no answer came; null if it is somebody else's.
   */
  async #findOut(): Promise<number | null> {
    const found = await this.#parts.key.read();
    if (found === null) return 0;
    this.#hasLeft = found.text === leftText;
    const isOwn = found.revision === this.#revision || readWord(found.text)?.nonce === this.#parts.run.nonce;
    return isOwn ? found.revision : null;
  }
}

/** Stands under a name for as long as it takes to remove it. */
export const leftText = JSON.stringify({ version: 1, left: true });

/** Null for what is no word of a gateway. */
export function readWord(text: string): GatewayWord | null {
  try {
    const word = JSON.parse(text) as Partial<GatewayWord>; // checked next
    const { version, spool, applied, waiting, sums, head, rules } = word;
    const { nonce = '', run = 0, spoolHead = 0, oldest = null } = word;
    const { fault = null, waits = null, hasEnded = false, knows = rules } = word;
    const numbers = [applied, waiting, head, rules, knows, run, spoolHead, oldest ?? 0];
    const areNumbers = numbers.every(Number.isSafeInteger);
    const isWord = version === 1 && typeof spool === 'string' && areNumbers && areSums(sums);
    if (!isWord) return null;
    // Its fields were just checked.
    const known = { nonce, run, spoolHead, oldest, knows: Number(knows), fault, waits, hasEnded };
    return { ...(word as GatewayWord), ...known };
  } catch {
    return null;
  }
}

export function olderCopy(id: string): string {
  return (
    `This data folder is an older copy: gateway ${id} ran on a newer one since. Start it on that one, or on an empty ` +
    'folder; what only the spool of the copy has is given up then.'
  );
}

function letGo(id: string): string {
  return `Gateway ${id} was let go by \`sluice cluster leave\`: start it again, and it comes back.`;
}

function inUse(id: string): string {
  return `SLUICE_GATEWAY_ID ${id} is in use by another gateway, with another data folder: give each its own.`;
}
