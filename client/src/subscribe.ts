/**
 * A subscription at work: the machine decides (subscription-machine.ts), this obeys. It reads from one link at a time,
 * and gives its reader message by message.
 */
import { filterMessage } from '../../schemas/wire.ts';
import { type Beginning, beginningOf } from './checkpoint.ts';
import { GapError, type SluiceError } from './errors.ts';
import { FramesReader } from './frames-reader.ts';
import type { Http } from './http.ts';
import { Inbox } from './inbox.ts';
import { Link, type LinkParts } from './link.ts';
import type { Message } from './message.ts';
import { delayMsOf, type Retry, within } from './retry.ts';
import { type Marked, Saver } from './saver.ts';
import { fitsUrl, StreamLink } from './stream-link.ts';
import type { SubscribeOptions, Subscription, SubscriptionStatus } from './subscription.ts';
import { begin, type Fact, type Order, type State, type Step, step, type Transport } from './subscription-machine.ts';

export interface SubscribeParts extends LinkParts {
  readonly http: Http;
  readonly retry: Retry;
}

type AnyLink = Link | StreamLink;

const bufferCharactersMaxDefault = 4 * 1024 * 1024;

export class RunningSubscription implements Subscription, AsyncIterator<Message> {
  readonly #parts: SubscribeParts;
  readonly #options: SubscribeOptions;
  readonly #inbox = new Inbox<Message>();
  readonly #saver: Saver | null;
  readonly #bufferMax: number;
  #state: State | null = null;
  #beginning: Beginning = { filter: {}, backfill: true, resume: null };
  #frames: FramesReader | null = null;
  #link: AnyLink | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryAt: number | null = null;
  #promise: SubscriptionStatus['promise'] = null;
  #since: string | null = null;
  /** The message that was yielded last. */
  #last: Message | null = null;
  #isAcknowledged = true;
  #hasProgressed = false;
  #isPaused = false;
  #isOver = false;

  constructor(parts: SubscribeParts, options: SubscribeOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#saver = options.store === undefined ? null : new Saver(options.store);
    this.#bufferMax = options.bufferCharactersMax ?? bufferCharactersMaxDefault;
    // A mistake is told at once.
    beginningOf(options, null, Date.now());
  }

  get status(): SubscriptionStatus {
    const state = this.#state;
    const phase = state === null ? 'idle' : state.phase === 'full' ? 'catchingUp' : state.phase;
    return {
      phase: this.#isOver ? 'closed' : phase,
      promise: this.#promise,
      transport: state?.transport ?? null,
      error: state?.error ?? null,
      retryAt: this.#retryAt,
      since: this.#since,
      checkpoint: this.#last?.checkpoint ?? null,
    };
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this;
  }

  async next(): Promise<IteratorResult<Message>> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      if (this.#state === null) await this.#begin();
      this.#saver?.throwIfFailed();
      if (this.#options.ack !== 'manual') this.#noteLast();
      const message = this.#inbox.shift() ?? (await this.#inbox.wait());
      if (this.#isPaused || this.#state?.phase === 'full') this.#makeRoom();
      if (message === null) {
        await this.#end();
        return { done: true, value: undefined };
      }
      return { done: false, value: this.#give(message) };
    } catch (error) {
      this.#stop();
      throw error;
    }
  }

  /** `break`, or the end of who reads: quietly. */
  async return(): Promise<IteratorResult<Message>> {
    await this.#end();
    return { done: true, value: undefined };
  }

  async #begin(): Promise<void> {
    const { store, signal, from } = this.#options;
    signal?.throwIfAborted();
    signal?.addEventListener('abort', this.#aborted, { once: true });
    const stored = store === undefined || from !== undefined ? null : await within(store.load(), signal);
    this.#beginning = beginningOf(this.#options, stored, Date.now());
    this.#frames = new FramesReader(this.#beginning, this, (marked) => this.#acknowledge(marked));
    this.#obey(begin());
  }

  readonly #aborted = (): void => {
    this.#inbox.close({ error: this.#options.signal?.reason });
    this.#hangUp();
  };

  #give(message: Message): Message {
    if (message.type === 'gap' && this.#options.onGap !== 'yield') {
      throw new GapError(message.reason, message.checkpoint);
    }
    this.#last = message;
    this.#isAcknowledged = false;
    return message;
  }

  #noteLast(): void {
    if (this.#last === null || this.#isAcknowledged) return;
    this.#isAcknowledged = true;
    this.#saver?.note(this.#last);
  }

  async #acknowledge(marked: Marked): Promise<void> {
    if (marked === this.#last || marked.checkpoint === this.#last?.checkpoint) this.#isAcknowledged = true;
    await this.#saver?.save(marked);
  }

  async #end(): Promise<void> {
    this.#stop();
    await this.#saver?.settled();
  }

  #stop(): void {
    this.#isOver = true;
    this.#options.signal?.removeEventListener('abort', this.#aborted);
    this.#inbox.close('end');
    this.#hangUp();
  }

  #hangUp(): void {
    if (this.#state !== null) this.#tell({ type: 'stopped' });
  }

  #tell(fact: Fact): void {
    if (this.#state === null) return;
    const { endpoints, retry } = this.#parts;
    const terms = {
      attemptsMax: retry.attemptsMax,
      mayStream: fact.type === 'ended' && this.#promise !== 'plain' && fitsUrl(this.#next()),
      mayRenew: endpoints.mayRenew,
    };
    this.#obey(step(this.#state, fact, terms));
  }

  #obey({ state, orders }: Step): void {
    const hasChanged = state.phase !== this.#state?.phase;
    this.#state = state;
    for (const order of orders) this.#do(order);
    if (hasChanged) this.#options.onStatus?.(this.status);
  }

  #do(order: Order): void {
    clearTimeout(this.#timer);
    this.#retryAt = null;
    switch (order.type) {
      case 'connect':
        this.#connect(order.transport);
        break;
      case 'hangUp':
        this.#link?.close();
        this.#link = null;
        break;
      case 'wait':
        this.#retryAt = Date.now() + order.ms;
        this.#timer = setTimeout(() => this.#tell({ type: 'retryDue' }), order.ms);
        break;
      case 'fail':
        this.#inbox.fail(order.error);
        break;
      default:
        order satisfies never;
    }
  }

  /** Where the next connection goes on. */
  #next(): Beginning {
    return { ...this.#beginning, resume: this.#frames?.resume ?? null };
  }

  #connect(transport: Transport): void {
    this.#hasProgressed = false;
    this.#isPaused = false;
    const ended = (error: SluiceError, wasOpen: boolean): void => this.#ended(error, wasOpen);
    if (transport === 'stream') {
      this.#link = new StreamLink(this.#parts.http, this.#next(), {
        opened: () => this.#streamOpened(),
        received: (frame) => this.#received(frame),
        ended,
      });
      return;
    }
    this.#link = new Link(this.#parts, '/events/out', {
      opened: (link, { acks }) => this.#opened(link, acks),
      received: (frame) => this.#received(frame),
      isWaiting: () => true,
      ended,
    });
  }

  #streamOpened(): void {
    this.#promise = 'exact';
    this.#tell({ type: 'opened' });
  }

  #opened(link: Link, hasPositions: boolean): void {
    const frames = this.#frames;
    if (frames === null) return;
    const { filter, backfill, resume } = this.#next();
    const isFirst = this.#promise === null;
    this.#promise = hasPositions ? 'exact' : 'plain';
    const goesOn = hasPositions ? resume === null && this.#beginning.resume !== null : frames.plain.hasBegun;
    if (hasPositions) {
      const more = resume === null ? {} : { resume };
      link.send(filterMessage(filter, { backfill, positions: true, heartbeats: true, ...more }));
    } else {
      link.send(filterMessage(frames.plain.filterOf(filter), { backfill: backfill || !isFirst }));
    }
    this.#tell({ type: 'opened' });
    if (goesOn || (!hasPositions && !isFirst)) frames.breakOff(hasPositions);
  }

  #received(frame: string): void {
    if (!this.#hasProgressed) {
      this.#hasProgressed = true;
      this.#tell({ type: 'progressed' });
    }
    if (this.#promise === 'plain') this.#frames?.readPlain(frame);
    else this.#frames?.read(frame);
  }

  #ended(error: SluiceError, wasOpen: boolean): void {
    this.#link = null;
    const delayMs = (failures: number): number =>
      delayMsOf(this.#parts.retry, failures, error.retryAfterMs, Math.random());
    this.#tell({ type: 'ended', error, wasOpen, delayMs });
  }

  #makeRoom(): void {
    if (this.#inbox.characters > this.#bufferMax / 2) return;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#link?.resume();
    }
    this.#tell({ type: 'drained' });
  }

  /** For the reader of frames. */
  message(message: Message, characters: number): void {
    this.#inbox.push(message, characters);
    if (this.#inbox.characters <= this.#bufferMax || this.#isPaused) return;
    if (this.#link?.canPause === true) {
      this.#isPaused = true;
      this.#link.pause();
    } else this.#tell({ type: 'filled' });
  }

  caughtUp(): void {
    this.#tell({ type: 'caughtUp' });
  }

  /** Keeps the checkpoint of a rare filter fresh, where nothing waits to be read or acknowledged. */
  heartbeat(): void {
    const { store } = this.#options;
    if (store === undefined || !this.#isAcknowledged || !this.#inbox.isAwaited) return;
    this.#saver?.note({ checkpoint: this.#frames?.checkpoint ?? '' });
  }

  since(time: string): void {
    this.#since = time;
  }
}
