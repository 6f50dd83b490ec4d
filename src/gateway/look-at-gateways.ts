/**
 * Looks at what all gateways say of themselves. A gateway whose replica differs from that of the one that writes stops.
 * What the shared log need not keep is let go: messages whose events are in ClickHouse, once every gateway has applied
 * them, and never behind the place that new gateways are told to begin at. A gateway that says nothing any more is
 * waited for as long as there is room, and for an hour at most.
 */

import type { SharedKey } from '../base/lease.ts';
import type { Log } from '../base/log.ts';
import type { ReplicaPlace } from '../journal/begin-replica.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { listKeys } from '../nats/list-keys.ts';
import type { OpenedStream } from '../nats/open-stream.ts';
import { sharedKey } from '../nats/shared-key.ts';
import { type GatewayWord, readWord } from './gateway-claim.ts';
import { baseText, parseBase } from './log-base.ts';
import { differAt, type StretchSum } from './replica-sums.ts';
import { gatewayKeys } from './state-keys.ts';

export interface TrimParts {
  readonly nats: Nats;
  readonly stream: OpenedStream;
  readonly bucket: string;
  /** Of this gateway. */
  readonly id: string;
  /**
   * The newest place up to which all events are in ClickHouse or in the dead letter, and, unless the stream is filling,
   * nothing is to be forwarded any more; null if none is known.
   */
  readonly stored: (isFilling: boolean) => ReplicaPlace | null;
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
/** So long a place stands before the stream is trimmed up to it: for who has read the one before, and comes. */
const standsMs = 30_000;

export class GatewaysLook {
  readonly #parts: TrimParts;
  readonly #timer: NodeJS.Timeout;
  /** What each gateway's key was last, and since when. */
  readonly #seen = new Map<string, { readonly revision: number; readonly at: number }>();
  /** Gateways that are not waited for any more, as was said. */
  readonly #givenUp = new Set<string>();
  #isBusy = false;
  #othersOldest: number | null = null;
  #trimmed = 0;
  /** Where new gateways begin, as far as is known here, and since when. */
  #base: { readonly stream: number; readonly at: number } | null = null;

  constructor(parts: TrimParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.#turn(), turnMs).unref();
  }

  /** The oldest seq that any other gateway has, be it up or not; Infinity if there is none, null before it is known. */
  get othersOldest(): number | null {
    return this.#othersOldest;
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
    const { nats, stream, isHolder, elapsedMs } = this.#parts;
    const { config, state } = await nats.manager.streams.info(stream.name);
    const isFilling = state.bytes > config.max_bytes / 2;
    // Looked at by all: whoever writes next must know who has been silent for how long.
    const needed = await this.#neededFrom(isFilling);
    if (!isHolder()) {
      this.#base = null;
      return;
    }
    const base = this.#base ?? (await this.#readBase());
    const hasStood = elapsedMs() - base.at >= (isFilling ? turnMs : standsMs);
    const upTo = hasStood ? Math.min(base.stream, needed - 1) : 0;
    if (upTo > this.#trimmed) {
      await nats.manager.streams.purge(stream.name, { seq: upTo + 1 });
      this.#trimmed = upTo;
    }
    if (hasStood || base.stream + 1 < state.first_seq) await this.#sayBase(base.stream, isFilling);
  }

  async #readBase(): Promise<{ readonly stream: number; readonly at: number }> {
    const found = parseBase(await this.#key.read(), this.#parts.stream.epoch);
    this.#base = {
      stream: found?.stream ?? 0,
      at: found === null ? Number.NEGATIVE_INFINITY : this.#parts.elapsedMs(),
    };
    return this.#base;
  }

  /** Only ever further: who wrote before has looked at no newer one. */
  async #sayBase(before: number, isFilling: boolean): Promise<void> {
    const { stored, stream, elapsedMs } = this.#parts;
    const place = stored(isFilling);
    if (place === null || place.stream <= before) return;
    const found = await this.#key.read();
    const isNewer = (parseBase(found, stream.epoch)?.stream ?? 0) < place.stream;
    const kept = isNewer ? await this.#key.write(baseText(stream.epoch, place), found?.revision ?? 0) : null;
    this.#base = kept === null ? null : { stream: place.stream, at: elapsedMs() };
  }

  get #key(): SharedKey {
    const { nats, bucket } = this.#parts;
    return sharedKey(nats, { bucket, name: 'base' });
  }

  #compare(name: string, { sums }: GatewayWord): void {
    const { holder, isHolder, differs } = this.#parts;
    const upTo = name === holder() && !isHolder() ? differAt(this.#parts.sums(), sums) : null;
    if (upTo === null) return;
    differs(
      `This replica is not the same as that of gateway ${name}, which writes into ClickHouse: they differ before seq ` +
        `${upTo + 1}. Stop this gateway, remove its folder \`replica\`, and start it: it is built anew.`,
    );
  }

  /** The oldest message that some gateway has not applied. */
  async #neededFrom(isFilling: boolean): Promise<number> {
    const { nats, bucket, id, elapsedMs } = this.#parts;
    const now = elapsedMs();
    let needed = Number.POSITIVE_INFINITY;
    let oldest = Number.POSITIVE_INFINITY;
    for (const [name, { text, revision }] of await listKeys(nats, bucket, gatewayKeys)) {
      const word = readWord(text);
      const seen = this.#seen.get(name);
      // Of one that goes no further nothing better is to be heard than that.
      const isNews = seen === undefined || (seen.revision !== revision && word?.fault === null);
      const at = isNews ? now : seen.at;
      this.#seen.set(name, { revision, at });
      if (word === null) continue;
      if (name !== id) oldest = Math.min(oldest, word.oldest ?? oldest);
      this.#compare(name, word);
      const isGivenUp = now - at > (isFilling ? silentMs : silentMsMax);
      if (isGivenUp) this.#sayGivenUp(name, now - at);
      else {
        this.#givenUp.delete(name);
        needed = Math.min(needed, word.applied + 1);
      }
    }
    this.#othersOldest = oldest;
    return needed;
  }

  #sayGivenUp(gateway: string, silentMs: number): void {
    if (this.#givenUp.has(gateway)) return;
    this.#givenUp.add(gateway);
    this.#parts.log.warn({ gateway, silentMs }, 'the shared log does not wait for this gateway any more');
  }
}
