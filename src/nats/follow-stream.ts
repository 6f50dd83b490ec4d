/**
 * Follows the stream from a message on, each once and in order. What feeds it on NATS' side is short-lived: anything
 * doubtful (a hole in what it delivers, no sign of life, a new connection) gives it up, and another one is made behind
 * what was applied.
 */
import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Log } from '../base/log.ts';
import type { Nats } from './connect-nats.ts';
import type { OpenedStream } from './open-stream.ts';
import { subjectsOf } from './open-stream.ts';

export interface FollowParts {
  readonly nats: Nats;
  readonly stream: OpenedStream;
  /** The newest message that was applied. */
  readonly applied: () => number;
  /**
   * Takes the next message; its bytes are good during the call. False where it was not taken: it comes again, a little
   * later.
   */
  readonly take: (message: FollowedMessage) => boolean;
  /** The stream is no longer the one that was followed: why. Nothing is taken from then on. */
  readonly lost: (sentence: string) => void;
  readonly log: Log;
}

export interface FollowedMessage {
  readonly stream: number;
  /** When the leader took it, in ms since 1970. */
  readonly ms: number;
  readonly subject: string;
  readonly data: Buffer;
}

export interface Follower {
  /** Makes another feed, a little later. */
  again(): void;
  stop(): void;
}

/** Messages that may be under way. */
const batch = 32;
/**
 * Of one request, and more than the largest message. Two requests are under way at most, and a third is made when half
 * of the messages have come: so what waits for us stays far below what NATS lets wait for a connection (64 MB) before
 * it closes it as too slow.
 */
const requestBytesMax = 12 * 1024 * 1024;
const heartbeatMs = 500;
const silentMs = 1_500;
const lookMs = 250;
const pauseMs = 200;
const nanoseconds = 1_000_000;
const heartbeatCode = 100;
/** The request for messages has ended: of its time, or of its bytes. */
const endedCodes = [404, 408];
const conflictCode = 409;
const bytesSpent = /^message size exceeds maxbytes/i;
/** How many messages of the request did not come. */
const leftHeader = 'Nats-Pending-Messages';

/** What NATS feeds us by. */
interface Feed {
  readonly name: string;
  readonly inbox: string;
  subscription: Subscription | null;
  delivered: number;
  asked: number;
  heardAt: number;
}

export function followStream(parts: FollowParts): Follower {
  const follower = new StreamFollower(parts);
  follower.begin();
  return follower;
}

class StreamFollower implements Follower {
  readonly #parts: FollowParts;
  #feed: Feed | null = null;
  #isMaking = false;
  #isStopped = false;
  #madeAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: FollowParts) {
    this.#parts = parts;
  }

  begin(): void {
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
    void this.#hearOfConnections();
    void this.#make();
  }

  again(): void {
    this.#drop();
    void this.#make();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#drop();
  }

  #drop(): void {
    this.#feed?.subscription?.unsubscribe();
    this.#feed = null;
  }

  #look(): void {
    const feed = this.#feed;
    if (feed !== null && performance.now() - feed.heardAt > silentMs) this.again();
  }

  async #hearOfConnections(): Promise<void> {
    for await (const { type } of this.#parts.nats.connection.status()) {
      if (this.#isStopped) return;
      if (type === 'reconnect' && this.#feed !== null) this.again();
    }
  }

  async #make(): Promise<void> {
    if (this.#isMaking) return;
    this.#isMaking = true;
    while (!this.#isStopped && this.#feed === null) {
      // A message that is refused for as long as a disk is full must not make feeds without end.
      const early = this.#madeAt + pauseMs - performance.now();
      if (early > 0) {
        await new Promise((resolve) => setTimeout(resolve, early));
        continue;
      }
      this.#madeAt = performance.now();
      try {
        const fault = await this.#faultOfStream();
        if (fault !== null) {
          this.stop();
          this.#parts.lost(fault);
        } else await this.#makeOne();
      } catch (error) {
        this.#parts.log.info({ err: error }, 'the shared log does not answer');
        this.#drop();
      }
    }
    this.#isMaking = false;
  }

  /** A stream that goes back, or begins behind what is needed, is none that can be followed. */
  async #faultOfStream(): Promise<string | null> {
    const { nats, stream, applied } = this.#parts;
    const { config, state } = await nats.manager.streams.info(stream.name);
    const epoch = config.metadata?.['sluice.epoch'];
    if (epoch !== stream.epoch) return `The shared log is of epoch ${epoch}, and was of ${stream.epoch}.`;
    if (state.last_seq < applied()) {
      return `The shared log ends at message ${state.last_seq}, and ${applied()} was applied here: it went back.`;
    }
    if (state.first_seq > applied() + 1) {
      return (
        `The shared log begins at message ${state.first_seq}, and ${applied() + 1} is needed next here: start this ` +
        'gateway again, and it begins anew from ClickHouse.'
      );
    }
    return null;
  }

  async #makeOne(): Promise<void> {
    const { nats, stream, applied } = this.#parts;
    const { unique, connection, manager } = nats;
    const feed: Feed = {
      name: `sluice-${unique()}`,
      inbox: `_INBOX.${unique()}`,
      subscription: null,
      delivered: 0,
      asked: 0,
      heardAt: performance.now(),
    };
    await manager.consumers.add(stream.name, {
      name: feed.name,
      ack_policy: 'none',
      deliver_policy: 'by_start_sequence',
      opt_start_seq: applied() + 1,
      filter_subject: `${subjectsOf(stream.name)}.*`,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: 10_000 * nanoseconds,
      max_waiting: 4,
    });
    if (this.#isStopped) return;
    feed.subscription = connection.subscribe(feed.inbox, { callback: (_error, message) => this.#hear(feed, message) });
    feed.heardAt = performance.now();
    this.#feed = feed;
    this.#pull(feed, batch);
  }

  #pull(feed: Feed, count: number): void {
    const { connection } = this.#parts.nats;
    feed.asked += count;
    const times = { expires: 10_000 * nanoseconds, idle_heartbeat: heartbeatMs * nanoseconds };
    const request = { batch: count, max_bytes: requestBytesMax, ...times };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#parts.stream.name}.${feed.name}`;
    connection.publish(subject, JSON.stringify(request), { reply: feed.inbox });
  }

  #hear(feed: Feed, message: Msg): void {
    if (feed !== this.#feed) return;
    feed.heardAt = performance.now();
    const place = placeOf(message.reply);
    if (place === null) this.#hearStatus(feed, message);
    else if (place.delivered !== feed.delivered + 1) this.again();
    else {
      feed.delivered += 1;
      this.#take(message, place.stream, place.ms);
      if (feed === this.#feed) this.#pullMore(feed);
    }
  }

  #pullMore(feed: Feed): void {
    if (feed.asked - feed.delivered <= batch / 2) this.#pull(feed, batch / 2);
  }

  #hearStatus(feed: Feed, { headers }: Msg): void {
    const { code = 0, description = '' } = headers ?? {};
    if (code === heartbeatCode) return;
    const isSpent = code === conflictCode && bytesSpent.test(description);
    if (!isSpent && !endedCodes.includes(code)) {
      this.again();
      return;
    }
    const left = Number(headers?.get(leftHeader) || Number.NaN);
    feed.asked = Number.isSafeInteger(left) ? Math.max(feed.delivered, feed.asked - left) : feed.delivered;
    this.#pullMore(feed);
  }

  #take({ subject, data }: Msg, stream: number, ms: number): void {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    if (!this.#parts.take({ stream, ms, subject, data: bytes })) this.again();
  }
}

/** What the reply subject of a message says: `$JS.ACK.[domain.account.]stream.name.tries.stream seq.delivered.ns.…`. */
function placeOf(reply: string | undefined): { stream: number; delivered: number; ms: number } | null {
  if (reply === undefined || !reply.startsWith('$JS.ACK.')) return null;
  const parts = reply.split('.');
  const from = parts.length > 9 ? 7 : 5;
  const [stream, delivered, at] = parts.slice(from, from + 3).map(Number);
  if (stream === undefined || delivered === undefined || at === undefined) return null;
  return { stream, delivered, ms: Math.floor(at / nanoseconds) };
}
