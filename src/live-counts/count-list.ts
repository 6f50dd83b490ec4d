/**
 * The list of a question as its readers hold it, and what is different from one frame to the next.
 */
import { compareBytes } from '../../schemas/count-frames.ts';
import { type BucketGrid, bucketEnds, bucketItem } from '../query/buckets.ts';
import { textOf } from './exact-time.ts';
import type { Groups } from './groups.ts';
import type { CountWindow, Question } from './question.ts';
import { type CountGroup, type Key, labelOf } from './tally.ts';

export interface ListChanges {
  /** The JSON text of each. */
  readonly changed: readonly string[];
  /** Keys as a reader knows them. */
  readonly removed: readonly string[];
}

export interface CountList {
  /** Takes what has changed since it was asked last. */
  update(span: CountWindow, nowMs: number): ListChanges;
  /** The whole list in its order, as of the last update. */
  whole(): string[];
}

/** Groups, the largest first; of those so many as were asked for. */
export class RankedList implements CountList {
  readonly #groups: Groups;
  readonly #max: number;
  #shown = new Map<Key, CountGroup>();
  /** There are more than are shown. */
  #isCut = false;

  constructor(groups: Groups, max: number | null) {
    this.#groups = groups;
    this.#max = max ?? Number.POSITIVE_INFINITY;
  }

  update(): ListChanges {
    const { groups: changed, hasSunk } = this.#groups.takeChanges();
    if (changed.length === 0) return { changed: [], removed: [] };
    return this.#isCut || this.#groups.size > this.#max ? this.#rank(changed, hasSunk) : this.#note(changed);
  }

  whole(): string[] {
    return [...this.#shown.values()].sort(compareGroups).map(groupText);
  }

  /** All are shown. */
  #note(groups: readonly CountGroup[]): ListChanges {
    const changed: string[] = [];
    const removed: string[] = [];
    for (const group of groups) {
      if (!group.isGone) {
        this.#shown.set(group.key, group);
        changed.push(groupText(group));
      } else if (this.#shown.get(group.key) === group) {
        this.#shown.delete(group.key);
        if (this.#groups.get(group.key) === undefined) removed.push(String(group.key));
      }
    }
    return { changed, removed };
  }

  /** While all only grow, none but the shown and the changed can be among the largest. */
  #rank(groups: readonly CountGroup[], hasSunk: boolean): ListChanges {
    const mayBeAny = hasSunk || this.#groups.size <= this.#max;
    const candidates = mayBeAny
      ? [...this.#groups.values()]
      : [...new Set([...this.#shown.values(), ...groups])].filter(({ isGone }) => !isGone);
    const isChanged = new Set(groups);
    const before = this.#shown;
    this.#shown = new Map(largest(candidates, this.#max).map((group) => [group.key, group]));
    this.#isCut = this.#groups.size > this.#max;
    const changed = [...this.#shown.values()].filter(
      (group) => isChanged.has(group) || before.get(group.key) !== group,
    );
    const removed = [...before.keys()].filter((key) => !this.#shown.has(key));
    return { changed: changed.map(groupText), removed: removed.map(String) };
  }
}

/** Buckets in the order of time, those without events too. */
export class TimeList implements CountList {
  readonly #groups: Groups;
  readonly #question: Question;
  #first = 0;
  #end = 0;
  /** The newest that ever had an event. */
  #newest = -1;
  /** The bucket of now is written again and again. */
  #written: WrittenBucket | null = null;

  constructor(groups: Groups, question: Question) {
    this.#groups = groups;
    this.#question = question;
  }

  update(span: CountWindow, nowMs: number): ListChanges {
    const [first, end] = [this.#first, this.#end];
    const regular = this.#question.regularBuckets(span, nowMs);
    this.#first = regular.first;
    for (let at = first; at < Math.min(this.#first, this.#newest + 1); at += 1) this.#groups.forget(at);
    const { groups } = this.#groups.takeChanges();
    for (const { key, isGone } of groups) {
      this.#newest = Math.max(this.#newest, Number(key));
      // It got events and left the window since the last look.
      if (!isGone && Number(key) < this.#first) this.#groups.forget(key);
    }
    this.#end = Math.max(regular.first + regular.count, this.#newest + 1);
    // All from there on are new to the list.
    const began = Math.max(end, this.#first);
    const changed: number[] = [];
    for (const { key } of groups) if (Number(key) >= this.#first && Number(key) < began) changed.push(Number(key));
    for (let at = began; at < this.#end; at += 1) changed.push(at);
    const removed: string[] = [];
    for (let at = first; at < Math.min(end, this.#first); at += 1) removed.push(this.#startOf(at));
    // A window that ends ahead shows all of the current unit until that end has come.
    for (let at = Math.max(first, this.#end); at < end; at += 1) removed.push(this.#startOf(at));
    return { changed: changed.sort((one, other) => one - other).map((key) => this.#textOf(key)), removed };
  }

  whole(): string[] {
    return Array.from({ length: this.#end - this.#first }, (_, at) => this.#textOf(this.#first + at));
  }

  #textOf(key: number): string {
    if (this.#written?.key !== key) this.#written = writtenBucket(this.#buckets, key);
    const { label, times } = this.#written;
    return `{"value":"${key - this.#first}",${label},"count":${this.#groups.get(key)?.count ?? 0},${times}}`;
  }

  #startOf(key: number): string {
    return bucketEnds(this.#buckets, key).start;
  }

  get #buckets(): BucketGrid {
    const { buckets } = this.#question;
    if (buckets === null) throw new Error('This question has no buckets');
    return buckets;
  }
}

interface WrittenBucket {
  readonly key: number;
  readonly label: string;
  readonly times: string;
}

/** What stays the same of a bucket's item. */
function writtenBucket(buckets: BucketGrid, key: number): WrittenBucket {
  const { label, start_time: start, end_time: end } = bucketItem(buckets, key, 0);
  return { key, label: `"label":"${label}"`, times: `"start_time":"${start}","end_time":"${end}"` };
}

function groupText(group: CountGroup): string {
  const start = textOf({ seconds: group.firstSeconds, micros: group.firstMicros });
  const end = textOf({ seconds: group.lastSeconds, micros: group.lastMicros });
  const named = `{"value":${JSON.stringify(group.key)},"label":${JSON.stringify(labelOf(group))}`;
  return `${named},"count":${group.count},"start_time":"${start}","end_time":"${end}"}`;
}

/** In any order. */
function largest(groups: readonly CountGroup[], max: number): readonly CountGroup[] {
  if (groups.length <= max) return groups;
  const counts = Float64Array.from(groups, ({ count }) => count).sort();
  const least = counts[groups.length - max] ?? 0;
  return groups
    .filter(({ count }) => count >= least)
    .sort(compareGroups)
    .slice(0, max);
}

function compareGroups(one: CountGroup, other: CountGroup): number {
  return (
    other.count - one.count ||
    compareBytes(labelOf(one), labelOf(other)) ||
    compareBytes(String(one.key), String(other.key))
  );
}
