/**
 * The live feed of the page. Running: each message becomes a row of the ring, and what is drawn follows once a frame.
 * Paused: rows wait in a second ring; when that is full the subscription ends at its checkpoint, and what comes later
 * is only counted. Nothing is left out unless a person jumps to now, and then a row says how much.
 */
import { batch, signal } from '@preact/signals';
import type { Checkpoint } from '../../../client/src/errors.ts';
import type { Message } from '../../../client/src/message.ts';
import type { SubscriptionStatus } from '../../../client/src/subscription.ts';
import type { AnsweredEvent } from '../../../schemas/wire.ts';
import { sentenceOf } from '../base/failure.ts';
import { countText } from '../base/text.ts';
import { CountOn } from './count-on.ts';
import { firstFrom } from './first-from.ts';
import { type Clients, type Question, untilOf } from './question.ts';
import { Ring } from './ring.ts';
import { gapSentences, type NewRow, type Row } from './rows.ts';

const rowsMax = 10_000;
const charactersMax = 24_000_000;

export class LiveFeed {
  /** Oldest first. */
  readonly shown = new Ring(rowsMax, charactersMax);
  /** Rises when `shown` has changed, at most once a frame. */
  readonly drawn = signal(0);
  readonly status = signal<SubscriptionStatus | null>(null);
  readonly isPaused = signal(false);
  /** How many events came since the pause; `isAbout` once they are counted and not received. */
  readonly fresh = signal({ count: 0, isAbout: false });
  /** History was given, and the feed is live. */
  readonly isLive = signal(false);
  /** Why there is no feed. */
  readonly failure = signal<string | null>(null);
  readonly #clients: Clients;
  readonly #question: Question;
  readonly #waiting = new Ring(rowsMax, charactersMax);
  readonly #counting: CountOn;
  #ending = new AbortController();
  #nr = 0;
  #isDue = false;
  #isLost = false;
  /** Events that wait. */
  #received = 0;
  /** Behind the last message that came; null before the first. */
  #checkpoint: Checkpoint | null = null;
  /** The subscription was ended, for what waits is full. */
  #isCut = false;

  constructor(clients: Clients, question: Question) {
    this.#clients = clients;
    this.#question = question;
    this.#counting = new CountOn(clients.sluice, question.filter, (more) => this.#counted(more));
    void this.#run(null);
  }

  stop(): void {
    this.#ending.abort();
    this.#counting.stop();
  }

  pause(): void {
    this.isPaused.value = true;
  }

  /** From where the pause began: nothing is left out. */
  goOn(): void {
    if (!this.isPaused.value) return;
    this.#takeWaiting();
    if (this.#isCut) this.#restart(this.#checkpoint);
  }

  /** Leaves out what came meanwhile, and says so. */
  jumpToNow(): void {
    const { count, isAbout } = this.fresh.value;
    const from = this.#lastShown();
    this.#waiting.clear();
    this.#takeWaiting();
    const sentence = `Left out here: ${isAbout ? 'about ' : ''}${countText(count, 'event')}`;
    if (count > 0 && from !== null) this.#show({ kind: 'skipped', sentence, from });
    if (this.#isCut) this.#restart('now');
  }

  /** Shows what a jump left out, and all that followed. */
  loadFrom(from: Checkpoint): void {
    this.#waiting.clear();
    this.#takeWaiting();
    this.shown.clear();
    this.#restart(from);
  }

  async #run(from: 'now' | Checkpoint | null): Promise<void> {
    const { signal: ended } = this.#ending;
    try {
      const begin = from === null ? await firstFrom(this.#clients.hasty, this.#question, ended) : { from };
      if ('note' in begin) this.#push({ kind: 'note', sentence: begin.note });
      const subscription = this.#clients.sluice.subscribe({
        filter: untilOf(this.#question),
        ...(begin.from !== null && { from: begin.from }),
        onGap: 'yield',
        signal: ended,
        onStatus: (status) => this.#hear(status, ended),
      });
      for await (const message of subscription) {
        if (ended.aborted) return;
        this.#take(message);
      }
    } catch (error) {
      if (ended.aborted) return;
      this.failure.value = sentenceOf(error);
    }
  }

  #restart(from: 'now' | Checkpoint | null): void {
    this.#ending.abort();
    this.#ending = new AbortController();
    this.#counting.stop();
    this.#isCut = false;
    void this.#run(from);
  }

  #take(message: Message): void {
    this.#checkpoint = message.checkpoint;
    if (message.type === 'event') {
      this.#push({ kind: 'event', message });
      if (!this.isPaused.value) return;
      this.#received += 1;
      this.#draw();
      return;
    }
    if (message.type === 'gap') this.#push({ kind: 'gap', sentence: gapSentences[message.reason] });
    else if (!this.isLive.value) {
      this.isLive.value = true;
      this.#push({ kind: 'live', sentence: 'Live from here; what came before is history' });
    } else if (this.#isLost) {
      this.#isLost = false;
      this.#push({ kind: 'back', sentence: 'Connected again behind the last event: nothing was left out' });
    }
  }

  #hear(status: SubscriptionStatus, ended: AbortSignal): void {
    if (ended.aborted) return;
    this.status.value = status;
    if (status.phase !== 'waiting' || this.#isLost) return;
    this.#isLost = true;
    const why = status.error?.message ?? 'the connection ended';
    this.#push({ kind: 'lost', sentence: `Not connected: ${why}` });
  }

  #push(row: NewRow): void {
    if (!this.isPaused.value) this.#show(row);
    else {
      this.#waiting.push(this.#numbered(row));
      if (this.#waiting.isFull) this.#cut();
    }
  }

  #show(row: NewRow): void {
    this.shown.push(this.#numbered(row));
    this.#draw();
  }

  #numbered(row: NewRow): Row {
    this.#nr += 1;
    return { ...row, nr: this.#nr };
  }

  /** No more fits: the rest is counted, and read when a person goes on. */
  #cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#ending.abort();
    const times = this.#lastTimes();
    const [newest] = times;
    if (newest !== undefined) this.#counting.start(newest, times.length);
  }

  /** When the last of what waits occurred: as often as it is the same time. */
  #lastTimes(): string[] {
    const times: string[] = [];
    for (let index = this.#waiting.length - 1; index >= 0; index -= 1) {
      const row = this.#waiting.at(index);
      if (row?.kind !== 'event') continue;
      const { occurred }: AnsweredEvent = JSON.parse(row.message.text);
      if (times.length > 0 && occurred !== times[0]) break;
      times.push(occurred);
    }
    return times;
  }

  #counted(more: number): void {
    this.fresh.value = { count: this.#received + more, isAbout: true };
  }

  #takeWaiting(): void {
    for (let index = 0; index < this.#waiting.length; index += 1) {
      const row = this.#waiting.at(index);
      if (row !== undefined) this.shown.push(row);
    }
    this.#waiting.clear();
    this.#received = 0;
    batch(() => {
      this.isPaused.value = false;
      this.fresh.value = { count: 0, isAbout: false };
      this.drawn.value += 1;
    });
  }

  /** Behind the last event that is shown: what waits comes next. */
  #lastShown(): Checkpoint | null {
    for (let index = this.shown.length - 1; index >= 0; index -= 1) {
      const row = this.shown.at(index);
      if (row?.kind === 'event') return row.message.checkpoint;
    }
    return null;
  }

  #draw(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      batch(() => {
        this.drawn.value += 1;
        if (this.isPaused.value && !this.#isCut) this.fresh.value = { count: this.#received, isAbout: false };
      });
    });
  }
}
