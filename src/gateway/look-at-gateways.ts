/**
 * Looks at what all gateways say of themselves. A gateway whose replica differs from that of the one that writes stops.
 * What the shared log need not keep is let go: messages whose events are in ClickHouse, once every gateway has applied
 * them. A gateway that says nothing any more is waited for as long as there is room, and for an hour at most.
 */
import type { Log } from '../base/log.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { listKeys } from '../nats/list-keys.ts';
import { type GatewayWord, readWord } from './gateway-claim.ts';
import { differAt, type StretchSum } from './replica-sums.ts';

export interface TrimParts {
  readonly nats: Nats;
  readonly stream: string;
  readonly bucket: string;
  /** The newest message of which all events are in ClickHouse or in the dead letter; null if none is known. */
  readonly stored: () => number | null;
  /** The gateway that writes into ClickHouse. */
  readonly holder: () => string;
  readonly isHolder: () => boolean;
  readonly sums: () => readonly StretchSum[];
  /** This replica is not as that of the gateway that writes. */
  readonly differs: (sentence: string) => void;
  readonly elapsedMs: () => number;
  readonly log: Log;
}

const turnMs = 5_000;
const silentMs = 60_000;
const silentMsMax = 60 * 60_000;

export class GatewaysLook {
  readonly #parts: TrimParts;
  readonly #timer: NodeJS.Timeout;
  /** What each gateway's key was last, and since when. */
  readonly #seen = new Map<string, { readonly revision: number; readonly at: number }>();
  /** Gateways that are not waited for any more, as was said. */
  readonly #givenUp = new Set<string>();
  #isBusy = false;
  #trimmed = 0;

  constructor(parts: TrimParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.#turn(), turnMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #turn(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await this.#trim();
    } catch (error) {
      this.#parts.log.info({ err: error }, 'the shared log was not trimmed');
    } finally {
      this.#isBusy = false;
    }
  }

  async #trim(): Promise<void> {
    const { nats, stream, stored, isHolder } = this.#parts;
    // Looked at by all: whoever writes next must know who has been silent for how long.
    const needed = await this.#neededFrom();
    const upTo = Math.min(stored() ?? 0, needed - 1);
    if (!isHolder() || upTo <= this.#trimmed) return;
    await nats.manager.streams.purge(stream, { seq: upTo + 1 });
    this.#trimmed = upTo;
  }

  #compare(name: string, { sums }: GatewayWord): void {
    const { holder, isHolder, differs } = this.#parts;
    const upTo = name === holder() && !isHolder() ? differAt(this.#parts.sums(), sums) : null;
    if (upTo === null) return;
    differs(
      `This replica is not the same as that of gateway ${name}, which writes into ClickHouse: they differ before seq ` +
        `${upTo + 1}. Build it anew: docs/SCALE.md, "Several gateways", says how.`,
    );
  }

  /** The oldest message that some gateway has not applied. */
  async #neededFrom(): Promise<number> {
    const { nats, stream, bucket, elapsedMs } = this.#parts;
    const { config, state } = await nats.manager.streams.info(stream);
    const isFilling = state.bytes > config.max_bytes / 2;
    const now = elapsedMs();
    let needed = Number.POSITIVE_INFINITY;
    for (const [name, { text, revision }] of await listKeys(nats, bucket, 'gateway.')) {
      const word = readWord(text);
      const seen = this.#seen.get(name);
      // Of one that goes no further nothing better is to be heard than that.
      const isNews = seen === undefined || (seen.revision !== revision && word?.fault === null);
      const at = isNews ? now : seen.at;
      this.#seen.set(name, { revision, at });
      if (word === null) continue;
      this.#compare(name, word);
      const isGivenUp = now - at > (isFilling ? silentMs : silentMsMax);
      if (isGivenUp) this.#sayGivenUp(name, now - at);
      else {
        this.#givenUp.delete(name);
        needed = Math.min(needed, word.applied + 1);
      }
    }
    return needed;
  }

  #sayGivenUp(gateway: string, silentMs: number): void {
    if (this.#givenUp.has(gateway)) return;
    this.#givenUp.add(gateway);
    this.#parts.log.warn({ gateway, silentMs }, 'the shared log does not wait for this gateway any more');
  }
}
