/**
 * The groups of one question, as far as its events were counted: those of the window, those that lie behind its end
 * until it reaches them, and what the window leaves behind when it slides.
 */
import { Failure } from '../base/errors.ts';
import type { CountBudget } from './budget.ts';
import { ownText } from './heard-event.ts';
import { CountGroup, type Key, Tally } from './tally.ts';

export interface GroupsOptions {
  readonly groupsMax: number;
  /** The window forgets by such steps; null where it does not. */
  readonly stepSeconds: number | null;
}

type Tallies = Map<Key, Tally>;

interface Changes {
  readonly groups: readonly CountGroup[];
  readonly hasSunk: boolean;
}

const noChanges: Changes = { groups: [], hasSunk: false };

/** Of a group and of a tally in memory, beside the texts. */
const groupBytes = 240;
const tallyBytes = 160;
/** So many tallies behind the end of the window for each group that there may be. */
export const laterOfGroup = 10;

export class Groups {
  readonly #options: GroupsOptions;
  readonly #budget: CountBudget;
  readonly #groups = new Map<Key, CountGroup>();
  /** By the step in which the events lie, where the window slides by steps. */
  readonly #steps = new Map<number, Tallies>();
  /** By the slot of time in which the events lie. */
  readonly #later = new Map<number, Tallies>();
  /** No step lies before it. */
  #oldestStep = Number.POSITIVE_INFINITY;
  #laterCount = 0;
  #heldBytes = 0;
  #changed: CountGroup[] = [];
  /** A group lost events, or has another name: another one may now stand before it. */
  #hasSunk = false;

  constructor(options: GroupsOptions, budget: CountBudget) {
    this.#options = options;
    this.#budget = budget;
  }

  get size(): number {
    return this.#groups.size;
  }

  values(): Iterable<CountGroup> {
    return this.#groups.values();
  }

  get(key: Key): CountGroup | undefined {
    return this.#groups.get(key);
  }

  get hasChanged(): boolean {
    return this.#changed.length > 0;
  }

  /** The next slot that waits for the window; Infinity if there is none. */
  get nextSlot(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const slot of this.#later.keys()) next = Math.min(next, slot);
    return next;
  }

  /** One event within the window. Throws Failure `tooManyGroups` or `tooManyCountBytes`. */
  addOne(key: Key, seconds: number, micros: number, name: string | null): void {
    const group = this.#groups.get(key);
    if (group === undefined) {
      this.add(key, oneAt(seconds, micros, name));
      return;
    }
    if (group.addOne(seconds, micros, name)) this.#rename(group);
    if (!group.isChanged) this.#change(group);
    if (this.#options.stepSeconds !== null) this.#addToStep(key, seconds, micros);
  }

  /** The same of an event behind the end of the window. */
  addOneLater(slot: number, key: Key, seconds: number, micros: number, name: string | null): void {
    const tally = this.#later.get(slot)?.get(key);
    if (tally === undefined) this.addLater(slot, key, oneAt(seconds, micros, name));
    else if (tally.addOne(seconds, micros, name)) this.#hold(tally, tallyBytes + textBytes(key) + textBytes(name));
  }

  /** Events of one group within the window, all of one step if it has steps, that came after all that are in. */
  add(key: Key, more: Tally): void {
    const group = this.#groups.get(key);
    if (group === undefined) this.#begin(key, more);
    else {
      if (group.add(more)) this.#rename(group);
      this.#change(group);
    }
    const { stepSeconds } = this.#options;
    if (stepSeconds !== null) this.#putStep(Math.floor(more.firstSeconds / stepSeconds), key, nameless(more));
  }

  addLater(slot: number, key: Key, more: Tally): void {
    if (this.#put(this.#later, slot, key, more)) this.#laterCount += 1;
    if (this.#laterCount > laterOfGroup * this.#options.groupsMax) throw tooManyGroups(this.#options.groupsMax);
  }

  /** The window has reached the end of a slot. */
  reach(slot: number): void {
    if (this.nextSlot > slot) return;
    const reached = [...this.#later.keys()].filter((each) => each <= slot).sort((one, other) => one - other);
    for (const each of reached) {
      const tallies = this.#later.get(each);
      this.#later.delete(each);
      if (tallies === undefined) continue;
      this.#laterCount -= tallies.size;
      for (const [key, tally] of tallies) {
        this.#hold(tally, 0);
        this.add(key, tally);
      }
    }
  }

  /** The window begins with this step: what lies before is forgotten. */
  forgetBefore(step: number): void {
    if (step <= this.#oldestStep) return;
    const steps = [...this.#steps].sort(([one], [other]) => one - other);
    const gone = steps.filter(([each]) => each < step);
    const left = steps.slice(gone.length).map(([, tallies]) => tallies);
    this.#oldestStep = steps[gone.length]?.[0] ?? Number.POSITIVE_INFINITY;
    for (const [each, tallies] of gone) {
      this.#steps.delete(each);
      for (const [key, tally] of tallies) {
        this.#hold(tally, 0);
        this.#subtract(key, tally, left);
      }
    }
  }

  /** A bucket has left the window. */
  forget(key: Key): void {
    const group = this.#groups.get(key);
    if (group !== undefined) this.#remove(group);
  }

  /** What is different since this was asked last, those gone among them. */
  takeChanges(): Changes {
    if (this.#changed.length === 0 && !this.#hasSunk) return noChanges;
    const changes = { groups: this.#changed, hasSunk: this.#hasSunk };
    for (const group of this.#changed) group.isChanged = false;
    this.#changed = [];
    this.#hasSunk = false;
    return changes;
  }

  /** Gives all back; nothing is to be counted any more. */
  clear(): void {
    this.#groups.clear();
    this.#steps.clear();
    this.#later.clear();
    this.#laterCount = 0;
    this.#changed = [];
    this.#budget.give(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #begin(key: Key, first: Tally): void {
    const { groupsMax } = this.#options;
    if (this.#groups.size >= groupsMax) throw tooManyGroups(groupsMax);
    const group = new CountGroup(ownKey(key), first);
    this.#hold(group, groupBytes + textBytes(key) + textBytes(first.name));
    this.#groups.set(group.key, group);
    this.#change(group);
  }

  #rename(group: CountGroup): void {
    this.#hasSunk = true;
    this.#hold(group, groupBytes + textBytes(group.key) + textBytes(group.name));
  }

  #addToStep(key: Key, seconds: number, micros: number): void {
    const step = Math.floor(seconds / (this.#options.stepSeconds ?? 1));
    const tally = this.#steps.get(step)?.get(key);
    if (tally === undefined) this.#putStep(step, key, oneAt(seconds, micros, null));
    else tally.addOne(seconds, micros, null);
  }

  #putStep(step: number, key: Key, more: Tally): void {
    if (step < this.#oldestStep) this.#oldestStep = step;
    this.#put(this.#steps, step, key, more);
  }

  /** True if it made a tally. */
  #put(by: Map<number, Tallies>, at: number, key: Key, more: Tally): boolean {
    let tallies = by.get(at);
    if (tallies === undefined) {
      tallies = new Map();
      by.set(at, tallies);
    }
    const tally = tallies.get(key);
    if (tally !== undefined) {
      if (tally.add(more)) this.#hold(tally, tallyBytes + textBytes(key) + textBytes(tally.name));
      return false;
    }
    const known = this.#groups.get(key)?.key;
    this.#hold(more, tallyBytes + (known === undefined ? textBytes(key) : 0) + textBytes(more.name));
    tallies.set(known ?? ownKey(key), more);
    return true;
  }

  /** `left`: the steps that stay, the first one first. */
  #subtract(key: Key, tally: Tally, left: readonly Tallies[]): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    group.count -= tally.count;
    if (group.count === 0) {
      this.#remove(group);
      return;
    }
    this.#hasSunk = true;
    const first = left.find((tallies) => tallies.has(key))?.get(key);
    if (first !== undefined) group.beginAgainAt(first);
    this.#change(group);
  }

  #remove(group: CountGroup): void {
    this.#groups.delete(group.key);
    this.#hold(group, 0);
    group.isGone = true;
    this.#hasSunk = true;
    this.#change(group);
  }

  #change(group: CountGroup): void {
    if (group.isChanged) return;
    group.isChanged = true;
    this.#changed.push(group);
  }

  #hold(tally: Tally, bytes: number): void {
    const more = bytes - tally.heldBytes;
    if (more > 0) this.#budget.take(more);
    else this.#budget.give(-more);
    tally.heldBytes = bytes;
    this.#heldBytes += more;
  }
}

function oneAt(seconds: number, micros: number, name: string | null): Tally {
  const moment = { seconds, micros };
  return new Tally(1, moment, moment, name);
}

/** Steps keep no name: a group keeps its own when a step leaves. */
function nameless({ count, firstSeconds, firstMicros, lastSeconds, lastMicros }: Tally): Tally {
  const first = { seconds: firstSeconds, micros: firstMicros };
  return new Tally(count, first, { seconds: lastSeconds, micros: lastMicros }, null);
}

function tooManyGroups(groupsMax: number): Failure {
  return new Failure('tooManyGroups', `too many groups: at most ${groupsMax}`);
}

function textBytes(text: Key | null): number {
  return typeof text === 'string' ? 2 * text.length : 0;
}

/** A name that was cut out of a long text keeps all of that in memory. */
function ownKey(key: Key): Key {
  return typeof key === 'string' ? ownText(key) : key;
}
