/**
 * Keeps a running gateway's copy of the shared tokens: looked for a few times a second, so a token that was made or
 * revoked at any gateway counts here within about a second, as one of its own folder would.
 */
import { joinTokens } from '../access/join-tokens.ts';
import { readTokens } from '../access/token-file.ts';
import type { Log } from '../base/log.ts';
import { lookOften } from '../base/look-often.ts';
import type { WatchedKey } from '../nats/shared-key.ts';
import { changeShared, keepCopy, tokensIn } from './shared-tokens.ts';

export interface FollowTokensParts {
  readonly dataDir: string;
  readonly elapsedMs: () => number;
  readonly log: Log;
}

/** So many looks ask for something newer, and then one for whatever is there: the key may have gone back. */
const newerLooks = 20;
/** One of so many turns is a look. */
const turnsPerLook = 2;

export class FollowedTokens {
  readonly #parts: FollowTokensParts;
  #revision = 0;
  #newerLooks = 0;
  /** When whoever leads the key last said that the copy is as the key. */
  #confirmedAt: number;
  #key: WatchedKey | null = null;
  #isLooking = false;
  #turns = 0;
  #isAnswered = true;
  #stop: () => void = () => undefined;

  constructor(parts: FollowTokensParts) {
    this.#parts = parts;
    this.#confirmedAt = parts.elapsedMs();
  }

  /** For how long nobody has said that the copy is as all gateways have it; since the start if nobody has yet. */
  get ageSeconds(): number {
    return (this.#parts.elapsedMs() - this.#confirmedAt) / 1000;
  }

  /** Resolves once the copy is as the key, and follows it from then on. Rejects as the key does. */
  async begin(key: WatchedKey): Promise<void> {
    this.#key = key;
    this.#newerLooks = 0;
    await this.#look(key);
    this.#stop();
    this.#stop = lookOften(() => void this.#turn());
  }

  stop(): void {
    this.#key = null;
    this.#stop();
  }

  async #turn(): Promise<void> {
    const key = this.#key;
    this.#turns += 1;
    if (this.#isLooking || key === null || this.#turns % turnsPerLook !== 0) return;
    this.#isLooking = true;
    try {
      await this.#look(key);
      this.#isAnswered = true;
    } catch (error) {
      if (this.#isAnswered && this.#key !== null) {
        this.#parts.log.warn({ err: error }, 'the tokens of all gateways cannot be read: the copy here holds');
      }
      this.#isAnswered = false;
    } finally {
      this.#isLooking = false;
    }
  }

  async #look(key: WatchedKey): Promise<void> {
    const { dataDir, elapsedMs, log } = this.#parts;
    const askedAt = elapsedMs();
    if (this.#newerLooks > 0) {
      const newer = await key.newer(this.#revision);
      this.#newerLooks -= 1;
      if (newer !== null) {
        await keepCopy(dataDir, tokensIn(newer.text));
        this.#revision = newer.revision;
        log.info({ revision: newer.revision }, 'the tokens of all gateways have changed');
      }
    } else {
      // What a gateway had of its own, before or while the key went back, is of all of them.
      const { tokens, revision } = await changeShared(key, (shared) => joinTokens(shared, readTokens(dataDir)));
      await keepCopy(dataDir, tokens);
      this.#revision = revision;
      this.#newerLooks = newerLooks;
    }
    this.#confirmedAt = askedAt;
  }
}
