/**
 * What a live count is asked for, and how its window stands at a given time: fixed, open towards now, or sliding.
 */
import type { CountRequest, LiveCountRequest } from '../../schemas/count.ts';
import { timeKey } from '../../schemas/event.ts';
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import { Failure } from '../base/errors.ts';
import { filterKey, shortened } from '../filter/filter-key.ts';
import { timeOfDate } from '../filter/time.ts';
import { type Buckets, bucketsOf, bucketWidth, tooManyAsked } from '../query/buckets.ts';
import { EqualSteps, type ExactTime, momentBefore, momentOf, momentOfMicros, textOf } from './exact-time.ts';

export interface CountWindow {
  readonly since: ExactTime;
  readonly until: ExactTime;
  readonly sinceText: string;
  readonly untilText: string;
}

/** Frames come no closer together, and windows that are open end at a multiple of it. */
export const gridMs = 100;
/** The same in each second. */
export const gridMicros = gridMs * 1000;

const stepsOfWindow = 60;

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
  readonly #fixed: { readonly since: string; readonly until: string | null };

  constructor(request: LiveCountRequest, forced: readonly Filter[], nowMs: number) {
    const { filter, countable, unit, interval, groupsMax = null, lastMs } = request;
    this.#filters = [filter, ...forced];
    this.forced = forced.length === 0 ? null : forcedWindow(forced);
    this.countable = countable;
    this.#asked = { unit, interval };
    this.#unit = countable === 'day' ? 'day' : unit;
    this.#interval = countable === 'day' ? 1 : interval;
    this.#lastMs = lastMs;
    this.#fixed = filter.occurred;
    const isOverTime = countable === 'time' || countable === 'day';
    this.groupsMax = isOverTime ? null : groupsMax;
    this.isOpen = filter.occurred.until === null;
    this.stepSeconds = lastMs === null || isOverTime ? null : Math.max(1, Math.ceil(lastMs / 1000 / stepsOfWindow));
    const own = lastMs ?? [filter.occurred.since, filter.occurred.until];
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

  /** The window at a time. Times are milliseconds since 1970. */
  spanAt(nowMs: number): CountWindow {
    const until = this.#fixed.until === null ? momentBefore(nowMs - (nowMs % gridMs)) : momentOf(this.#fixed.until);
    const since = this.#sinceAt(nowMs, until);
    return { since, until, sinceText: textOf(since), untilText: this.#fixed.until ?? textOf(until) };
  }

  /** Throws Failure `badFilter` where POST would refuse the window. */
  check({ sinceText, untilText }: CountWindow): void {
    const range = { since: sinceText, until: untilText };
    const detail = tooManyAsked(range, { countable: this.countable, ...this.#asked });
    if (detail !== null) throw new Failure('badFilter', detail);
  }

  /** Which buckets are in the list even if they are empty: from one on, so many. For `time` and `day` only. */
  regularBuckets(
    { sinceText, untilText }: CountWindow,
    nowMs: number,
  ): { readonly first: number; readonly count: number } {
    const now = timeOfDate(new Date(nowMs));
    const { first, count, width } = bucketsOf({ since: sinceText, until: untilText }, this.#unit, this.#interval, now);
    const from = this.buckets?.first ?? first;
    return { first: Number((first - from) / width), count };
  }

  #sinceAt(nowMs: number, until: ExactTime): ExactTime {
    if (this.#lastMs === null) return momentOf(this.#fixed.since);
    if (this.stepSeconds !== null) {
      const from = Math.floor((nowMs - this.#lastMs) / 1000);
      return { seconds: from - (((from % this.stepSeconds) + this.stepSeconds) % this.stepSeconds), micros: 0 };
    }
    // Whole buckets, of which the last is the one of now.
    const width = bucketWidth(this.#unit, this.#interval);
    const { first } = bucketsAt(until, this.#unit, this.#interval);
    const lastMicros = BigInt(Math.round(this.#lastMs * 1000));
    const count = lastMicros <= width ? 1n : (lastMicros + width - 1n) / width;
    return momentOfMicros(first - (count - 1n) * width);
  }

  #bucketsFrom(nowMs: number): Question['buckets'] {
    const { since } = this.spanAt(nowMs);
    const { first, width } = bucketsAt(since, this.#unit, this.#interval);
    return { steps: new EqualSteps(momentOfMicros(first), width), first, width };
  }
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
