/**
 * Counts that stay live: one counter for each distinct question, shared by all who ask it; the last who leaves ends it.
 * Keeps I13 with counter.ts; events pass no observer, frames do.
 */
import { Observable, share } from 'rxjs';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { Failure, type FailureName } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { HeldFilters } from '../feed/held-filters.ts';
import type { CountBudget } from './budget.ts';
import { CountTopics } from './count-topics.ts';
import { type CountSources, countUntilMark$ } from './count-until-mark.ts';
import type { Asked, Update } from './count-update.ts';
import { Counter } from './counter.ts';
import { CountsFeed } from './counts-feed.ts';
import type { WatchCounts } from './ports.ts';
import { Question } from './question.ts';
import { type Looked, Rounds } from './rounds.ts';

export interface LiveCountsParts extends CountSources {
  readonly filters: HeldFilters;
  readonly budget: CountBudget;
  readonly options: { readonly questionsMax: number; readonly groupsMax: number };
  readonly counters: { countFrames: number; countsRefused: number };
  readonly log: Log;
  /** Milliseconds that pass while one works. */
  readonly elapsedMs: () => number;
  /** Milliseconds of processor time that the process has taken. */
  readonly workedMs: () => number;
}

/** There was no room for it. */
const refusals: readonly FailureName[] = ['tooManyCounts', 'tooManyGroups', 'tooManyCountBytes', 'tooManyFilterBytes'];

export interface LiveCounts {
  readonly watch: WatchCounts;
  /** A batch of live events, in the order of seq. */
  flush(batch: readonly StoredEvent[]): void;
  /** Counters that hear live events. */
  readonly liveCount: number;
  /** Distinct ones that are asked now. */
  readonly questionCount: number;
  close(): void;
}

/** A counter that hears live events, and how its readers are told. */
interface Counting extends Looked {
  readonly counter: Counter;
  readonly next: (update: Update) => void;
  readonly fail: (error: unknown) => void;
}

export function createLiveCounts(parts: LiveCountsParts): LiveCounts {
  const counts = new SharedCounters(parts);
  return {
    watch: ({ question: request, scope, form }, socket, listener) => {
      const nowMs = parts.now();
      const question = new Question(request, scope.forced, nowMs);
      question.check(question.spanAt(nowMs));
      const asked = counts.ask(question);
      return new CountsFeed({
        asked,
        form,
        socket,
        listener,
        live: parts.live,
        counters: parts.counters,
        log: parts.log,
      });
    },
    flush: (batch) => counts.topics.flush(batch, parts.now),
    get liveCount() {
      return counts.topics.size;
    },
    get questionCount() {
      return counts.questionCount;
    },
    close: () => counts.close(),
  };
}

class SharedCounters {
  readonly topics = new CountTopics();
  readonly #parts: LiveCountsParts;
  /** By their keys. */
  readonly #asked = new Map<string, Asked>();
  readonly #counting = new Set<Counting>();
  readonly #rounds: Rounds<Counting>;

  constructor(parts: LiveCountsParts) {
    const { now, elapsedMs, workedMs } = parts;
    this.#parts = parts;
    const look = (each: Counting, nowMs: number): void => this.#look(each, nowMs);
    this.#rounds = new Rounds({ all: this.#counting, now, elapsedMs, workedMs, look });
  }

  get questionCount(): number {
    return this.#asked.size;
  }

  /** The counter of an equal question, or a new one. Throws Failure `tooManyCounts` or `tooManyFilterBytes`. */
  ask(question: Question): Asked {
    try {
      return this.#asked.get(question.key) ?? this.#begin(question);
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  close(): void {
    this.#rounds.stop();
  }

  #begin(question: Question): Asked {
    const { options, filters, budget, now } = this.#parts;
    if (this.#asked.size >= options.questionsMax) {
      throw new Failure('tooManyCounts', `At most ${options.questionsMax} different live counts at once`);
    }
    const held = filters.hold(question.filters);
    question.share(held.filters);
    const counter = new Counter(question, held, options.groupsMax, budget, now());
    const asked = {
      updates$: this.#updates$(counter).pipe(share()),
      ask: () => {
        counter.isAsked = true;
      },
      countedUpTo: (mark: number) => counter.countedUpTo(mark),
    };
    this.#asked.set(question.key, asked);
    return asked;
  }

  /** Counts while it has a subscriber. */
  #updates$(counter: Counter): Observable<Update> {
    return new Observable((readers) => {
      const ending = new AbortController();
      const counting: Counting = {
        counter,
        next: (update) => readers.next(update),
        fail: (error) => {
          this.#note(error);
          readers.error(error);
        },
        isDue: (nowMs) => counter.isDue(nowMs),
      };
      const running = countUntilMark$(this.#parts, counter, ending.signal, () => {
        this.topics.join(counter, this.#parts.now());
        this.#counting.add(counting);
        this.#rounds.start();
      }).subscribe({ error: counting.fail });
      return () => {
        ending.abort();
        running.unsubscribe();
        this.#end(counting);
      };
    });
  }

  #end(counting: Counting): void {
    const { counter } = counting;
    this.topics.leave(counter);
    this.#counting.delete(counting);
    if (this.#counting.size === 0) this.#rounds.stop();
    this.#asked.delete(counter.question.key);
    counter.stop();
  }

  #look(counting: Counting, nowMs: number): void {
    // Its last reader may have left within this round.
    if (!this.#counting.has(counting)) return;
    try {
      counting.next(counting.counter.update(nowMs, this.#parts.live.mark));
    } catch (error) {
      counting.fail(error);
    }
  }

  #note(error: unknown): void {
    if (error instanceof Failure && refusals.includes(error.failure)) this.#parts.counters.countsRefused += 1;
  }
}
