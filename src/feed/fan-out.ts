/**
 * Live delivery: one topic per distinct filter, windows apart (docs/design.md, "Live delivery"). An event is matched
 * once per topic and framed once in each form for all; a topic publishes it if every member's window holds it, else its
 * members are written one by one. Keeps I5: a member whose socket lags is handed back to its feed before anything is
 * lost.
 */

import { timeKey } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { FilterIndex } from '../filter/filter-index.ts';
import { frameOf } from './frame-bytes.ts';
import { type Framing, frameText, framingOf } from './frames.ts';
import type { Publish, SubscriberSocket } from './ports.ts';
import { createScratch } from './scratch.ts';

/** One live subscriber. */
export interface Member {
  readonly filter: Filter;
  /** The same for members whose filters mean the same, windows apart. */
  readonly key: string;
  readonly fits: (event: StoredEvent) => boolean;
  readonly socket: SubscriberSocket;
  readonly framing: Framing;
  /**
   * Called in the flush that found the socket over its bound, after the member has left its topic: all up to the mark
   * was sent.
   */
  lags(): void;
}

export interface FanOutOptions {
  readonly bufferBytesMax: number;
  /** Bytes that any one member may be sent between two looks at the buffers. */
  readonly sweepBytes: number;
}

export interface FanOutCounters {
  delivered: number;
  lagged: number;
}

type SharedForm = NonNullable<Framing['shared']>;
const sharedForms: readonly SharedForm[] = ['plain', 'positions'];

interface Topic {
  readonly key: string;
  readonly members: Set<Member>;
  /** What is published under in each form, and to how many. */
  readonly shared: Readonly<Record<SharedForm, { readonly name: string; members: number }>>;
  /** Members with frames of their own. */
  readonly alone: Set<Member>;
  readonly remove: () => void;
  /** The window that all members share: latest since, earliest until. */
  since: string;
  until: string | null;
  /** Who had set a bound of it has left: looked at again before the next event, once however many leave together. */
  isTooNarrow: boolean;
}

export interface FanOut {
  join(member: Member): void;
  leave(member: Member): void;
  /** Delivers a batch, in order, and then looks for members that lag; the mark must stand at the batch's last event. */
  flush(batch: readonly StoredEvent[]): void;
  readonly topicCount: number;
  readonly memberCount: number;
}

type Scratch = Readonly<Record<SharedForm, (bytes: number) => Buffer>>;

/** One event's frames: each form is written once, when it is first wanted, where the last event's was. */
class EventFrames {
  readonly #event: StoredEvent;
  readonly #scratch: Scratch;
  readonly #shared: Record<SharedForm, Uint8Array | null> = { plain: null, positions: null };
  /** No member got more of this event, in bytes; of frames of a member's own, in characters. */
  longest = 0;

  constructor(event: StoredEvent, scratch: Scratch) {
    this.#event = event;
    this.#scratch = scratch;
  }

  of(framing: Framing): string | Uint8Array {
    if (framing.shared !== null) return this.shared(framing.shared);
    const { raw, seq } = this.#event;
    const frame = frameText(framing, raw, seq);
    this.longest = Math.max(this.longest, frame.length);
    return frame;
  }

  shared(form: SharedForm): Uint8Array {
    const frame = this.#shared[form] ?? frameOf(this.#event, framingOf(form), this.#scratch[form]);
    this.#shared[form] = frame;
    this.longest = Math.max(this.longest, frame.length);
    return frame;
  }
}

export function createFanOut(
  index: FilterIndex<Topic>,
  publish: Publish,
  options: FanOutOptions,
  counters: FanOutCounters,
): FanOut {
  const topics = new Map<string, Topic>();
  const topicOf = new Map<Member, Topic>();
  const scratch: Scratch = { plain: createScratch(), positions: createScratch() };
  let named = 0;
  let publishedBytes = 0;

  function join(member: Member): void {
    const { key } = member;
    let topic = topics.get(key);
    if (topic === undefined) {
      named += 1;
      const made: Topic = {
        key,
        members: new Set(),
        shared: { plain: { name: `t${named}`, members: 0 }, positions: { name: `t${named}p`, members: 0 } },
        alone: new Set(),
        remove: () => remove(),
        since: '',
        until: null,
        isTooNarrow: false,
      };
      const remove = index.add(member.filter, made, member.fits);
      topics.set(key, made);
      topic = made;
    }
    topic.members.add(member);
    topicOf.set(member, topic);
    narrow(topic, member);
    const { shared } = member.framing;
    if (shared === null) {
      topic.alone.add(member);
      return;
    }
    topic.shared[shared].members += 1;
    member.socket.subscribe(topic.shared[shared].name);
  }

  function leave(member: Member): void {
    const topic = topicOf.get(member);
    if (topic === undefined) return;
    topicOf.delete(member);
    topic.members.delete(member);
    topic.alone.delete(member);
    const { shared } = member.framing;
    if (shared !== null) {
      topic.shared[shared].members -= 1;
      member.socket.unsubscribe(topic.shared[shared].name);
    }
    if (topic.members.size === 0) {
      topic.remove();
      topics.delete(topic.key);
      return;
    }
    const { since, until } = member.filter.occurred;
    if (timeKey(since) === topic.since || (until !== null && timeKey(until) === topic.until)) topic.isTooNarrow = true;
  }

  function deliver(event: StoredEvent, frames: EventFrames, topic: Topic): void {
    if (topic.isTooNarrow) widen(topic);
    const occurred = timeKey(event.body.occurred);
    if (occurred >= topic.since && (topic.until === null || occurred <= topic.until)) {
      for (const form of sharedForms) {
        const { name, members } = topic.shared[form];
        if (members > 0) publish(name, frames.shared(form));
      }
      for (const member of topic.alone) member.socket.send(frames.of(member.framing));
      counters.delivered += topic.members.size;
      return;
    }
    for (const member of topic.members) {
      if (!holds(member.filter, occurred)) continue;
      member.socket.send(frames.of(member.framing));
      counters.delivered += 1;
    }
  }

  function flush(batch: readonly StoredEvent[]): void {
    if (topics.size === 0) return;
    for (const event of batch) {
      let frames: EventFrames | null = null;
      index.forEachMatch(event, (topic) => {
        frames ??= new EventFrames(event, scratch);
        const { longest } = frames;
        deliver(event, frames, topic);
        // At least what any one member got: a bound of what its buffer has grown by since the last look.
        publishedBytes += frames.longest - longest;
      });
    }
    if (publishedBytes >= options.sweepBytes) sweep();
  }

  function sweep(): void {
    publishedBytes = 0;
    const lagging: Member[] = [];
    for (const member of topicOf.keys()) {
      if (member.socket.bufferedBytes() > options.bufferBytesMax) lagging.push(member);
    }
    for (const member of lagging) {
      leave(member);
      counters.lagged += 1;
      member.lags();
    }
  }

  return {
    join,
    leave,
    flush,
    get topicCount() {
      return topics.size;
    },
    get memberCount() {
      return topicOf.size;
    },
  };
}

function holds(filter: Filter, occurred: string): boolean {
  const { since, until } = filter.occurred;
  return occurred >= timeKey(since) && (until === null || occurred <= timeKey(until));
}

function narrow(topic: Topic, member: Member): void {
  const { since, until } = member.filter.occurred;
  if (timeKey(since) > topic.since) topic.since = timeKey(since);
  if (until !== null && (topic.until === null || timeKey(until) < topic.until)) topic.until = timeKey(until);
}

function widen(topic: Topic): void {
  topic.isTooNarrow = false;
  topic.since = '';
  topic.until = null;
  for (const member of topic.members) narrow(topic, member);
}
