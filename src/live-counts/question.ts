/**
 * What a live count is asked for, and how its window stands at a given time: fixed, open towards now, or sliding.
 */
import { bucketsMax, type CountRequest, type LiveCountRequest } from '../../schemas/count.ts';
import { timeKey } from '../../schemas/event.ts';
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import { Failure } from '../base/errors.ts';
import { filterKey, shortened } from '../filter/filter-key.ts';
import { timeOfDate } from '../filter/time.ts';
import { type Buckets, bucketsOf, bucketWidth, tooManyAsked } from '../query/buckets.ts';
import { EqualSteps, type ExactTime, momentOf, momentOfMicros, textOf } from './exact-time.ts';
import { lastSlotEnd } from './slot.ts';

export interface CountWindow {
  readonly since: ExactTime;
  readonly until: ExactTime;
  readonly sinceText: string;
  readonly untilText: string;
}

const stepsOfWindow = 60;
const dayMicros = 86_400_000_000;

export class Question {
  readonly countable: CountRequest['countable'];
  readonly groupsMax: number | null;
  /** Equal for questions that have the same answer at every time. */
  readonly key: string;
  /** Its window ends now: what occurs later is counted later. */
  readonly isOpen: boolean;
  /** Width of the steps in which the window of groups slides; null where groups are not forgotten by time. */
  readonly stepSeconds: number | null;
  /** Of time and day: into which bucket a moment falls, counted from one that lies at the beginning. */
  readonly buckets: { readonly steps: EqualSteps; readonly first: bigint; readonly width: bigint } | null;
  /** The window that all forced filters leave. */
  readonly forced: ForcedWindow | null;
  #filters: AllFilters;
  readonly #asked: Pick<CountRequest, 'unit' | 'interval'>;
  /** Of the buckets: days are a day wide, whatever was asked. */
  readonly #unit: CountRequest['unit'];
  readonly #interval: number;
  readonly #lastMs: number | null;
  /** A window that is shorter has not too many buckets. */
  readonly #sureSeconds: number;
  /** Null where the window slides. */
  readonly #since: Written | null;
  /** Null where the window is open. */
  readonly #until: Written | null;
  /** Where a window that slides began when it was asked last. */
  #slid: Written | null = null;
  /** Of whole buckets, the one that it ended in: up to the end of that it stays where it is. */
  #endBucket: { readonly from: ExactTime; readonly to: ExactTime } | null = null;
  /** As it was asked last. */
  #span: CountWindow | null = null;

  constructor(request: LiveCountRequest, forced: readonly Filter[], nowMs: number) {
    const { filter, countable, unit, interval, groupsMax = null, lastMs } = request;
    this.#filters = [filter, ...forced];
    this.forced = forced.length === 0 ? null : forcedWindow(forced);
    this.countable = countable;
    this.#asked = { unit, interval };
    this.#unit = countable === 'day' ? 'day' : unit;
    this.#interval = countable === 'day' ? 1 : interval;
    this.#lastMs = lastMs;
    const width = Math.min(Number(bucketWidth(unit, interval)), countable === 'day' ? dayMicros : Infinity);
    this.#sureSeconds = (width * bucketsMax) / 1_000_000 - 2;
    const { since, until } = filter.occurred;
    this.#since = lastMs === null ? { time: momentOf(since), text: since } : null;
    this.#until = until === null ? null : { time: momentOf(until), text: until };
    const isOverTime = countable === 'time' || countable === 'day';
    this.groupsMax = isOverTime ? null : groupsMax;
    this.isOpen = until === null;
    this.stepSeconds = lastMs === null || isOverTime ? null : Math.max(1, Math.ceil(lastMs / 1000 / stepsOfWindow));
    const own = lastMs ?? [since, until];
    const parts = [filterKey(this.#filters), own, this.forced, countable, unit, interval, this.groupsMax];
    this.key = shortened(JSON.stringify(parts));
    this.buckets = isOverTime ? this.#bucketsFrom(nowMs) : null;
  }

  /** With those that are forced upon it, each with its window. */
  get filters(): AllFilters {
    return this.#filters;
  }

  /** From now on it has the lists of equal filters, which others hold too, in the place of those that were sent. */
  share([first, ...others]: AllFilters): void {
    const [own] = this.#filters;
    const { forced } = this;
    const lists = others.length === 0 ? [first] : others;
    const rest = forced === null ? [] : lists.map((filter) => ({ ...filter, occurred: forced }));
    this.#filters = [{ ...first, occurred: own.occurred }, ...rest];
  }

  /** The window at a time, in milliseconds since 1970: the same object while it is the same window. */
  spanAt(nowMs: number): CountWindow {
    const end = this.#until === null ? lastSlotEnd(nowMs) : null;
    const until = end ?? this.#until!.time;
    const since = this.#since ?? this.#sinceAt(nowMs, until);
    const known = this.#span;
    if (known !== null && known.since === since.time && known.until === until) return known;
    this.#span = { since: since.time, until, sinceText: since.text, untilText: end?.text ?? this.#until!.text };
    return this.#span;
  }

  /** Throws Failure `badFilter` where POST would refuse the window. */
  check({ since, until, sinceText, untilText }: CountWindow): void {
    if (until.seconds - since.seconds < this.#sureSeconds) return;
    const range = { since: sinceText, until: untilText };
    const detail = tooManyAsked(range, { countable: this.countable, ...this.#asked });
    if (detail !== null) throw new Failure('badFilter', detail);
  }

  /** Which buckets are in the list even if they are empty: from one on, so many. For `time` and `day` only. */
  regularBuckets(
    { since, until, sinceText, untilText }: CountWindow,
    nowMs: number,
  ): { readonly first: number; readonly count: number } {
    if (this.isOpen && this.buckets !== null) {
      // The last is the one that begins before the end.
      const { steps } = this.buckets;
      const first = steps.indexOf(since.seconds, since.micros);
      if (isBefore(until, since)) return { first, count: 0 };
      return { first, count: Math.max(0, steps.indexOf(until.seconds, until.micros - 1) + 1 - first) };
    }
    const now = timeOfDate(new Date(nowMs));
    const { first, count, width } = bucketsOf({ since: sinceText, until: untilText }, this.#unit, this.#interval, now);
    const from = this.buckets?.first ?? first;
    return { first: Number((first - from) / width), count };
  }

  #sinceAt(nowMs: number, until: ExactTime): Written {
    const lastMs = this.#lastMs ?? 0;
    const slid = this.#slid;
    if (this.stepSeconds !== null) {
      const from = Math.floor((nowMs - lastMs) / 1000);
      const seconds = from - (((from % this.stepSeconds) + this.stepSeconds) % this.stepSeconds);
      return slid?.time.seconds === seconds ? slid : this.#slideTo({ seconds, micros: 0 });
    }
    const known = this.#endBucket;
    if (slid !== null && known !== null && !isBefore(until, known.from) && isBefore(until, known.to)) return slid;
    // Whole buckets, of which the last is the one of now.
    const width = bucketWidth(this.#unit, this.#interval);
    const { first } = bucketsAt(until, this.#unit, this.#interval);
    this.#endBucket = { from: momentOfMicros(first), to: momentOfMicros(first + width) };
    const lastMicros = BigInt(Math.round(lastMs * 1000));
    const count = lastMicros <= width ? 1n : (lastMicros + width - 1n) / width;
    return this.#slideTo(momentOfMicros(first - (count - 1n) * width));
  }

  #slideTo(time: ExactTime): Written {
    this.#slid = { time, text: textOf(time) };
    return this.#slid;
  }

  #bucketsFrom(nowMs: number): Question['buckets'] {
    const { since } = this.spanAt(nowMs);
    const { first, width } = bucketsAt(since, this.#unit, this.#interval);
    return { steps: new EqualSteps(momentOfMicros(first), width), first, width };
  }
}

interface Written {
  readonly time: ExactTime;
  readonly text: string;
}

function isBefore(one: ExactTime, other: ExactTime): boolean {
  return one.seconds < other.seconds || (one.seconds === other.seconds && one.micros < other.micros);
}

/** The buckets whose first one holds a moment. */
function bucketsAt(moment: ExactTime, unit: CountRequest['unit'], interval: number): Buckets {
  const time = textOf(moment);
  return bucketsOf({ since: time, until: time }, unit, interval, time);
}

type ForcedWindow = Filter['occurred'];

/** The latest since, and the earliest until. */
function forcedWindow(forced: readonly Filter[]): ForcedWindow {
  let { since, until } = forced[0]?.occurred ?? { since: '0001-01-01T00:00:00Z', until: null };
  for (const { occurred } of forced.slice(1)) {
    if (timeKey(occurred.since) > timeKey(since)) since = occurred.since;
    if (occurred.until !== null && (until === null || timeKey(occurred.until) < timeKey(until))) until = occurred.until;
  }
  return { since, until };
}
