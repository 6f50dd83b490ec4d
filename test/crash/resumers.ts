/**
 * Subscribers that resume (docs/PROTOCOL.md): they keep their newest token and position over all kills of a run, and
 * write down what they saw, feed by feed: all connections that went on behind each other are one feed, and a `gap`
 * begins another.
 */
import type { ControlFrame, WirePosition } from '../../schemas/wire.ts';
import { FeedClient, numberAfter } from '../../support/feed-client.ts';
import { until } from '../../support/poll.ts';

/** What one feed gave, over all its connections. */
export interface ResumedFeed {
  /** The start of its window, in microseconds since 1970. */
  readonly sinceMicros: number;
  /** As they came; with each its position, 0 within history, where it is no seq. */
  readonly keys: number[];
  readonly seqs: number[];
  /** Null until the first token. */
  firstPosition: WirePosition | null;
  position: WirePosition | null;
  /** The newest position that was a seq. */
  lastSeq: number;
  /** Of the newest token: up to it, what is behind `lastSeq` comes by (occurred, id). */
  checkpoint: number;
}

/** All that one subscriber lived through. */
export interface ResumingLife {
  readonly name: string;
  readonly backfill: boolean;
  readonly feeds: readonly ResumedFeed[];
  /** Connections that went on behind a position; those of them that the store answered. */
  readonly resumes: number;
  readonly resumesByStore: number;
  /** Reasons, as they came. */
  readonly gaps: readonly string[];
  /** Why it was not let go on: closes with a code of their own. */
  readonly refusals: ReadonlySet<string>;
}

export interface Resumer extends ResumingLife {
  /** Hangs up, resumes once more, and resolves when it is at the head. */
  finish(head: number): Promise<void>;
  end(): void;
}

export interface ResumerOptions {
  readonly name: string;
  /** Or which one it is, asked anew for each connection. */
  readonly port: number | (() => number);
  readonly backfill: boolean;
  /** How long it stays away after its nth connection. */
  readonly awayMs: (nth: number) => number;
  /** After how long it hangs up its nth connection by itself; without it, never. */
  readonly stayMs?: (nth: number) => number;
}

const lookBackMs = 10_000;
const finishMs = 120_000;
const keyMark = Buffer.from('"key":');

export function startResumer(options: ResumerOptions): Resumer {
  const life = new Life(options);
  void life.run();
  return life;
}

class Life implements Resumer {
  readonly name: string;
  readonly backfill: boolean;
  readonly feeds: ResumedFeed[] = [];
  readonly refusals = new Set<string>();
  resumes = 0;
  resumesByStore = 0;
  readonly #awayMs: ResumerOptions['awayMs'];
  readonly #stayMs: ResumerOptions['stayMs'];
  readonly #client: FeedClient;
  #connections = 0;
  #isEnded = false;
  #isFinishing = false;
  #isResuming = false;
  #isCaughtUp = false;
  /** Ends the wait for the end of a connection, or until the next one. */
  #goOn: () => void = () => undefined;
  #aliveMs = Date.now();
  #sentSinceMs = 0;

  constructor({ name, port, backfill, awayMs, stayMs }: ResumerOptions) {
    this.name = name;
    this.backfill = backfill;
    this.#awayMs = awayMs;
    this.#stayMs = stayMs;
    const life = this;
    this.#client = new FeedClient({
      get url() {
        return `http://127.0.0.1:${typeof port === 'number' ? port : port()}`;
      },
      get filter() {
        return life.#nextFilter();
      },
      backfill,
      onEvent: (frame, position) => this.#see(numberAfter(frame, keyMark), position),
    });
    this.#client.onControl = (frame) => this.#hear(frame);
    this.#client.onClosed = (why) => {
      const isRefusal = /^closed (?!1012)/.test(why);
      if (isRefusal) this.refusals.add(why);
      this.#goOn();
    };
  }

  get gaps(): readonly string[] {
    return this.#client.gaps;
  }

  async run(): Promise<void> {
    while (!this.#isEnded) {
      const ended = this.#pause(this.#isFinishing ? undefined : this.#stayMs?.(this.#connections));
      const isIn = await this.#client.connect().then(
        () => true,
        () => false,
      );
      if (isIn) {
        this.#connections += 1;
        await ended;
        this.#client.cut();
      }
      if (!this.#isEnded) await this.#pause(this.#awayMs(this.#connections));
    }
  }

  async finish(head: number): Promise<void> {
    this.#isCaughtUp = false;
    this.#isFinishing = true;
    this.#client.cut();
    this.#goOn();
    const isAtHead = () => (this.#isCaughtUp && this.#client.position === head) || undefined;
    await until(`${this.name} is at the head`, isAtHead, finishMs);
    this.end();
  }

  end(): void {
    this.#isEnded = true;
    this.#client.cut();
    this.#goOn();
  }

  /** What a feed that begins anew would begin with: a little before this subscriber was last alive. */
  #nextFilter(): object {
    const { token } = this.#client;
    this.#sentSinceMs = this.#aliveMs - lookBackMs;
    this.#isResuming = token !== null;
    if (token === null) this.#beginFeed();
    return { event: { prefix: ['crash.'] }, occurred: { since: new Date(this.#sentSinceMs).toISOString() } };
  }

  /** Instead of one that has not begun. */
  #beginFeed(): void {
    if (this.feeds.at(-1)?.firstPosition === null) this.feeds.pop();
    const sinceMicros = this.#sentSinceMs * 1000;
    this.feeds.push({
      ...{ sinceMicros, keys: [], seqs: [], firstPosition: null, position: null },
      ...{ lastSeq: 0, checkpoint: 0 },
    });
  }

  #see(key: number, position: WirePosition): void {
    const feed = this.feeds.at(-1);
    feed?.keys.push(key);
    feed?.seqs.push(typeof position === 'number' ? position : 0);
    this.#stand(position);
  }

  #hear(frame: ControlFrame): void {
    if (frame.type === 'gap') {
      this.#isResuming = false;
      this.#beginFeed();
    }
    const feed = this.feeds.at(-1);
    if (feed !== undefined && frame.type === 'token') {
      feed.firstPosition ??= frame.position;
      feed.checkpoint = frame.checkpoint;
      if (this.#isResuming) {
        this.#isResuming = false;
        this.resumes += 1;
        if (typeof frame.position !== 'number') this.resumesByStore += 1;
      }
    }
    if ('position' in frame) this.#stand(frame.position);
    if (frame.type === 'caught_up') this.#isCaughtUp = true;
  }

  #stand(position: WirePosition): void {
    this.#aliveMs = Date.now();
    const feed = this.feeds.at(-1);
    if (feed === undefined) return;
    feed.position = position;
    if (typeof position === 'number') feed.lastSeq = position;
  }

  #pause(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#goOn = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
