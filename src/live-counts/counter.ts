/**
 * Counts the events of one question, for all who ask it (I13): what the store has, then the log, then live, each event
 * once, in the order of seq. What it holds is made into a frame when somebody looks.
 */
import type { HeldFilter } from '../feed/held-filters.ts';
import type { CountBudget } from './budget.ts';
import { type CountList, RankedList, TimeList } from './count-list.ts';
import { createUpdate, type Update } from './count-update.ts';
import type { Heard } from './counted-event.ts';
import { type ExactTime, momentOf } from './exact-time.ts';
import { Groups } from './groups.ts';
import type { KeptEvents } from './heard-event.ts';
import type { CountWindow, Question } from './question.ts';
import { slotMs, slotOf } from './slot.ts';
import type { StoredGroup } from './stored-groups.ts';
import type { Key } from './tally.ts';

/** What time alone does to a list is shown so often at most. */
const timeMs = 1000;
/** Slots of the last events: what was heard of them comes with the next frames. */
const slotsNear = 2;

export class Counter {
  readonly question: Question;
  readonly held: HeldFilter;
  /** Of the log; all up to here is counted. Null before the store was read; while it is live `countedUpTo` is. */
  position: number | null = null;
  /** Set by who wants a frame, changed or not. */
  isAsked = true;
  /** It cannot go on. */
  failure: unknown = null;
  readonly #groups: Groups;
  readonly #list: CountList;
  readonly #forcedSince: ExactTime | null;
  readonly #forcedUntil: ExactTime | null;
  /** Null: by the names of labels. */
  readonly #label: string | null;
  #span: CountWindow;
  #nowMs: number;
  /** When it was looked at last. */
  #lookedMs: number;
  #topic: KeptEvents | null = null;
  /** So many of the events that its topic keeps are counted. */
  #counted = 0;
  /** Of this second it is known that the window is not too long. */
  #checkedSecond = 0;
  /** Events came since the last frame that showed all. */
  #hasHeard = false;

  constructor(question: Question, held: HeldFilter, groupsMax: number, budget: CountBudget, nowMs: number) {
    const { countable, buckets, stepSeconds } = question;
    this.question = question;
    this.held = held;
    this.#groups = new Groups({ groupsMax, stepSeconds }, budget);
    this.#list =
      buckets === null ? new RankedList(this.#groups, question.groupsMax) : new TimeList(this.#groups, question);
    const { since = null, until = null } = question.forced ?? {};
    this.#forcedSince = since === null ? null : momentOf(since);
    this.#forcedUntil = until === null ? null : momentOf(until);
    this.#label = typeof countable === 'string' ? '' : countable.label;
    this.#nowMs = nowMs;
    this.#lookedMs = nowMs;
    this.#span = question.spanAt(nowMs);
  }

  get span(): CountWindow {
    return this.#span;
  }

  /** Moves the window on. Not while rows are read from the store that are cut by it. Throws a Failure. */
  moveOn(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const { question } = this;
    const span = question.spanAt(this.#nowMs);
    if (span === this.#span) return;
    const second = Math.floor(this.#nowMs / 1000);
    if (second !== this.#checkedSecond) question.check(span);
    this.#checkedSecond = second;
    this.#span = span;
    if (question.isOpen) this.#groups.reach(slotOf(span.until));
    if (question.stepSeconds !== null) this.#groups.forgetBefore(Math.floor(span.since.seconds / question.stepSeconds));
  }

  /** Groups of the store, of later seqs than all that is counted. */
  addStored(groups: readonly StoredGroup[]): void {
    for (const { key, slot, tally } of groups) {
      if (slot === null) this.#groups.add(key, tally);
      else this.#groups.addLater(slot, key, tally);
    }
  }

  /** From now on it hears of live events there, and has counted all that the topic keeps. */
  follow(topic: KeptEvents): void {
    this.#topic = topic;
    this.#counted = topic.count;
  }

  /** What its topic keeps for it, which keeps it no longer. It throws nothing, as `count`. */
  countAll(nowMs: number): void {
    try {
      if (this.failure === null) this.moveOn(nowMs);
    } catch (error) {
      this.failure = error;
    }
    const kept = this.#topic?.count ?? 0;
    for (let at = this.#counted; at < kept; at += 1) this.count(this.#topic!.at(at));
    this.#counted = 0;
  }

  /** The mark, or the last seq before the first event that waits to be counted. */
  countedUpTo(mark: number): number {
    const topic = this.#topic;
    return topic !== null && this.#counted < topic.count ? topic.at(this.#counted).seq - 1 : mark;
  }

  /** Of an event that fits the filter, in whatever window. It throws nothing: a failure ends it at its next look. */
  count(event: Heard): void {
    if (this.failure !== null) return;
    const { seconds, micros } = event;
    const { since, until } = this.#span;
    if (seconds < since.seconds || (seconds === since.seconds && micros < since.micros)) return;
    const isLater = seconds > until.seconds || (seconds === until.seconds && micros > until.micros);
    if ((isLater && !this.question.isOpen) || !this.#isAllowed(seconds, micros)) return;
    if (this.#label === null) {
      for (const key of event.labelNames) this.#addOne(event, isLater, key);
      return;
    }
    const key = this.#keyOf(event, this.#label);
    if (key !== null) this.#addOne(event, isLater, key);
  }

  #addOne(event: Heard, isLater: boolean, key: Key): void {
    const { seconds, micros } = event;
    const name = this.question.countable === 'resource' ? event.resourceName : null;
    try {
      if (isLater) this.#groups.addOneLater(slotOf(event), key, seconds, micros, name);
      else this.#groups.addOne(key, seconds, micros, name);
    } catch (error) {
      this.failure = error;
    }
    this.#hasHeard = true;
  }

  isDue(nowMs: number): boolean {
    if (this.isAsked || this.failure !== null || this.#groups.hasChanged) return true;
    if (nowMs - this.#lookedMs >= timeMs || this.#counted < (this.#topic?.count ?? 0)) return true;
    return this.#hasHeard && this.#groups.nextSlot < Math.floor(nowMs / slotMs);
  }

  /** Moves the window on, and says what is different, as of the mark or just before it. Throws a Failure. */
  update(nowMs: number, mark: number): Update {
    if (this.failure !== null) throw this.failure;
    this.moveOn(nowMs);
    this.#lookedMs = this.#nowMs;
    this.#countUntilNow(nowMs);
    const position = this.countedUpTo(mark);
    if (this.failure !== null) throw this.failure;
    this.isAsked = false;
    const span = this.#span;
    this.#hasHeard = this.#groups.nextSlot <= slotOf(span.until) + slotsNear;
    const changes = this.#list.update(span, this.#nowMs);
    return createUpdate({ position, since: span.sinceText, until: span.untilText }, changes, () => this.#list.whole());
  }

  stop(): void {
    this.#groups.clear();
    this.held.release();
  }

  /** Up to an event of the slot that is not over: that one and those behind it come with the next look. */
  #countUntilNow(nowMs: number): void {
    // After the clock was set back that slot is not over for long.
    const mayWait = this.question.isOpen && nowMs >= this.#nowMs;
    const open = mayWait ? slotOf(this.#span.until) + 1 : null;
    const kept = this.#topic?.count ?? 0;
    for (; this.#counted < kept; this.#counted += 1) {
      const event = this.#topic!.at(this.#counted);
      if (open !== null && slotOf(event) === open) return;
      this.count(event);
    }
  }

  #isAllowed(seconds: number, micros: number): boolean {
    const since = this.#forcedSince;
    const until = this.#forcedUntil;
    if (since !== null && (seconds < since.seconds || (seconds === since.seconds && micros < since.micros)))
      return false;
    return until === null || seconds < until.seconds || (seconds === until.seconds && micros <= until.micros);
  }

  #keyOf(event: Heard, label: string): Key | null {
    switch (this.question.countable) {
      case 'event':
        return event.name;
      case 'resource':
        return event.resourceId;
      case 'time':
      case 'day':
        return this.question.buckets?.steps.indexOf(event.seconds, event.micros) ?? null;
      default:
        return event.label(label);
    }
  }
}
